// How long a person waits for the dashboard of a session that trades: from the start of the navigation until the overview's charts are
// drawn with the session's data, by the clock of the browser. Each opening is by the printed link, in a profile without cache or cookie.
import { openDashboard } from "@pitlane/plugin-dashboard";
import { CALM_FLAGS } from "pitlane";
import { type Opening, openOnce, startBrowser } from "../scripts/bench/browsed.ts";
import { startExchange } from "../scripts/bench/exchanged.ts";
import type { Suite } from "../scripts/bench/suite.ts";
import { open, PROGRAM, trader } from "./throughput.ts";

const ORDERS_PER_SECOND = 100;
const SAMPLED_MS = 10_000;
const PAUSE_MS = 500; // between two openings
const LIMIT_MS = 1000;

async function opened(seconds: number): Promise<Record<string, number>> {
  const exchange = await startExchange(PROGRAM);
  try {
    const strategy = trader(ORDERS_PER_SECOND);
    const { runtime, clock, close } = await open(exchange.urls, exchange.credentials, strategy.plugin, [
      "trade",
      "bookTicker",
    ]);
    const dashboard = await openDashboard(runtime.observed, { port: 0 });
    strategy.begin();
    await clock.sleep(SAMPLED_MS);
    const browser = await startBrowser();
    const openings: Opening[] = [];
    try {
      const startedNs = clock.monotonicNs();
      while (openings.length === 0 || clock.monotonicNs() - startedNs < seconds * 1e9) {
        openings.push(await openOnce(browser, dashboard.link));
        await clock.sleep(PAUSE_MS);
      }
    } finally {
      await browser.close();
    }
    strategy.end();
    while (runtime.status().openOrders > 0) await clock.sleep(1);
    await dashboard.close();
    await close();
    const drawn = openings.map(({ drawnMs }) => drawnMs).sort((a, b) => a - b);
    const painted = openings.map(({ paintedMs }) => paintedMs).sort((a, b) => a - b);
    return {
      "first paint, median": painted[painted.length >> 1]!,
      "charts drawn, median": drawn[drawn.length >> 1]!,
      "charts drawn, slowest": drawn.at(-1)!,
      openings: openings.length,
    };
  } finally {
    exchange.stop();
  }
}

const suite: Suite = {
  name: "opening the dashboard",
  comparisons: [],
  trials: [
    {
      name: `the overview of a session of ${ORDERS_PER_SECOND} orders a second, cold, in Chromium`,
      units: { "first paint, median": "ms", "charts drawn, median": "ms", "charts drawn, slowest": "ms", openings: "" },
      seconds: 20,
      rounds: 1,
      cases: {
        ours: {
          run: opened,
          targets: { "charts drawn, median": { atMost: LIMIT_MS }, "charts drawn, slowest": { atMost: LIMIT_MS } },
          nodeFlags: CALM_FLAGS,
        },
      },
    },
  ],
};

export default suite;
