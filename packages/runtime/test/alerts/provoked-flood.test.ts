import { expect, test, vi } from "vitest";
import { defineStrategy, type Plugin } from "../../src/index.ts";
import { openAlerted, SOON } from "./alerted-session.ts";

// Alerts of a session that does not keep up: an exchange whose market goes wild brings more at once than a slow strategy can take.

const LONG = { timeout: 300_000 };
const UNBOUNDED = { budgets: { hookMs: 60_000, msPerSecond: 1000 } } as const;
const WINDOW = 20_000;

/** Sorts its last 20,000 prices anew at every trade: a millisecond or two. */
function slowMedian(): { readonly plugin: Plugin; readonly heard: () => number } {
  const prices = new Float64Array(WINDOW);
  let heard = 0;
  let median = 0;
  const plugin = defineStrategy({
    name: "slow-median",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.on("trade", { instrument }, ({ priceTicks }) => {
        prices[heard++ % WINDOW] = priceTicks;
        median = prices.toSorted()[WINDOW / 2]!;
        ctx.metrics.gauge("median_ticks", { help: "Median of the last prices." }).set(median);
      });
    },
  });
  return { plugin, heard: () => heard };
}

test(
  "a wild market whose trades are heard of late and all at once: event-latency-p99, lane-depth",
  LONG,
  async ({ onTestFinished }) => {
    const { plugin, heard } = slowMedian();
    const { paper, quiet, raised, over } = await openAlerted({
      onTestFinished,
      plugin,
      config: {
        ...UNBOUNDED,
        bus: { capacity: 1000 },
        alerts: { rules: { "event-latency-p99": { warning: { threshold: 0.3 } } } },
      },
    });
    await vi.waitFor(() => expect(heard()).toBeGreaterThan(10), SOON);
    quiet("event-latency-p99", "lane-depth");
    // The stream is silent meanwhile; the trades that were missed are then fetched, a thousand at a time: more than half of what a lane may hold.
    paper.faults.add({ kind: "silent", route: "aaausdt@trade", pings: true });
    const flood = paper.faults.add({ kind: "flood", tradesPerSecond: 2000 });
    await vi.waitFor(() => expect(flood.hits).toBeGreaterThan(1300), SOON);
    paper.faults.clear();
    await raised("lane-depth");
    await raised("event-latency-p99");
    await over("event-latency-p99", "lane-depth");
  },
);

/** Takes as long for every trade as it is told: nothing until then, so that how fast the machine is decides nothing. */
function slowed(): { readonly plugin: Plugin; readonly heard: () => number; readonly slowTo: (ms: number) => void } {
  let heard = 0;
  let tradeMs = 0;
  const plugin = defineStrategy({
    name: "slowed",
    setup(ctx) {
      ctx.on("trade", { instrument: ctx.instruments[0]! }, () => {
        heard++;
        const fromMs = performance.now();
        while (performance.now() - fromMs < tradeMs);
      });
    },
  });
  const slowTo = (ms: number) => {
    tradeMs = ms;
  };
  return { plugin, heard: () => heard, slowTo };
}

test(
  "a wild market whose frames a network held back, and brings at once: journal-lag",
  LONG,
  async ({ onTestFinished }) => {
    const { plugin, heard, slowTo } = slowed();
    const { paper, runtime, quiet, over } = await openAlerted({ onTestFinished, plugin, config: UNBOUNDED });
    await vi.waitFor(() => expect(heard()).toBeGreaterThan(10), SOON);
    quiet("journal-lag");
    const { alerts } = runtime.observed;
    const rules = () => [...alerts.active, ...alerts.resolved].map(({ rule }) => rule);
    // A socket that is silent for two seconds is left, with all that it held back. On a busy machine that is before there is enough: once more.
    for (let attempt = 1; attempt <= 10 && !rules().includes("journal-lag"); attempt++) {
      paper.faults.add({ kind: "halfOpen", route: "/stream" });
      const flood = paper.faults.add({ kind: "flood", tradesPerSecond: 2000 });
      await vi.waitFor(() => expect(flood.hits).toBeGreaterThan(1000), SOON);
      slowTo(5); // a thousand of them: five seconds in which nothing is committed
      paper.faults.clear();
      await vi.waitFor(() => expect(rules()).toContain("journal-lag"), { timeout: 20_000 }).catch(() => {});
      slowTo(0);
    }
    expect(rules()).toContain("journal-lag");
    await over("journal-lag");
  },
);
