// What open pages of the dashboard cost the session that serves them: from a frame's receipt to its order at the socket, with nobody
// watching and with 20 pages that read the whole stream. One session trades all the time; pages come and go every few seconds, so that
// both see the same machine and the same market.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { openDashboard } from "@pitlane/plugin-dashboard";
import { CALM_FLAGS, type SampleFeed } from "pitlane";
import { startExchange } from "../scripts/bench/exchanged.ts";
import type { Suite } from "../scripts/bench/suite.ts";
import { open, PROGRAM, trader } from "./throughput.ts";

const PAGES = new URL("../../scripts/bench/pages.mjs", import.meta.url); // bundles lie one folder below this one
const WATCHED_BY = 20;
const ORDERS_PER_SECOND = 300;
const SPAN_MS = 3_000;
const WARM_MS = 3_000;

/** What a stage recorded since the last call, added to `into`. */
function collector(samples: SampleFeed): (into: LatencyHistogram) => void {
  let before = new Map<number, number>();
  return (into) => {
    const buckets = samples.histogram("tickToOrder").buckets();
    for (const { lowestNs, count } of buckets) {
      const since = count - (before.get(lowestNs) ?? 0);
      if (since > 0) into.recordMany(lowestNs, since);
    }
    before = new Map(buckets.map(({ lowestNs, count }) => [lowestNs, count]));
  };
}

async function watched(seconds: number): Promise<Record<string, number>> {
  const exchange = await startExchange(PROGRAM);
  try {
    const strategy = trader(ORDERS_PER_SECOND);
    const { runtime, clock, close } = await open(exchange.urls, exchange.credentials, strategy.plugin, [
      "trade",
      "bookTicker",
    ]);
    const dashboard = await openDashboard(runtime.observed, { port: 0 });
    const pages = fork(fileURLToPath(PAGES), [dashboard.link, String(WATCHED_BY)]);
    await once(pages, "message");
    const set = async (isOpen: boolean): Promise<number> => {
      pages.send(isOpen);
      const [{ bytes }] = (await once(pages, "message")) as [{ readonly bytes: number }];
      return bytes;
    };
    strategy.begin();
    await clock.sleep(WARM_MS);
    const alone = new LatencyHistogram();
    const shown = new LatencyHistogram();
    const take = collector(runtime.observed.samples);
    take(new LatencyHistogram());
    let read = 0;
    const spans = Math.max(1, Math.round((seconds * 1000) / (2 * SPAN_MS)));
    for (let span = 0; span < spans; span++) {
      await clock.sleep(SPAN_MS);
      take(alone);
      await set(true);
      await clock.sleep(SPAN_MS);
      take(shown);
      read += await set(false);
    }
    strategy.end();
    while (runtime.status().openOrders > 0) await clock.sleep(1);
    pages.disconnect();
    await dashboard.close();
    const { faults } = await close();
    for (const { source, message } of faults) console.error(`${source}: ${message}`);
    if (read === 0) throw new Error("the pages were sent nothing");
    return {
      "p50 unwatched": alone.percentileNs(50) / 1e3,
      "p50 watched": shown.percentileNs(50) / 1e3,
      "p99 unwatched": alone.percentileNs(99) / 1e3,
      "p99 watched": shown.percentileNs(99) / 1e3,
      "p99, more": (shown.percentileNs(99) / alone.percentileNs(99) - 1) * 100,
      "read a page": read / 1024 / WATCHED_BY / ((spans * SPAN_MS) / 1e3),
      orders: strategy.wanted,
    };
  } finally {
    exchange.stop();
  }
}

const suite: Suite = {
  name: "20 open pages of the dashboard",
  comparisons: [],
  trials: [
    {
      name: `tick to order in process, ${ORDERS_PER_SECOND} orders a second`,
      units: {
        "p50 unwatched": "us",
        "p50 watched": "us",
        "p99 unwatched": "us",
        "p99 watched": "us",
        "p99, more": "%",
        "read a page": "KiB/s",
        orders: "",
      },
      seconds: 60,
      rounds: 3,
      cases: { ours: { run: watched, targets: { "p99, more": { atMost: 5 } }, nodeFlags: CALM_FLAGS } },
    },
  ],
};

export default suite;
