import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { prometheusText } from "@pitlane/perf/metrics";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { checkConfig, definePlugin, lotsWorth, openRuntime, type Plugin } from "../../src/index.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A session on a paper exchange, over real sockets. */
async function setUp(plugin: Plugin, isSampled = true) {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  closers.push(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  closers.push(() => client.close());
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [{ plugin, budgets: { hookMs: 60_000, msPerSecond: 1_000 } }],
    client,
    trading: client,
    journalPath: join(mkdtempSync(join(tmpdir(), "pitlane-samples-")), "journal.db"),
    recvWindowMs: 5_000,
    isSampled,
    clock,
    log: () => {},
  });
  closers.push(() => runtime.close("requested"));
  return { runtime, samples: runtime.observed.samples };
}

/** Buys and sells in turns, as fast as answers come; with `stallMs` it holds the loop up for so long while its first orders are on their way. */
function churn(stallMs = 0): Plugin {
  let stalls = stallMs > 0 ? 3 : 0;
  return definePlugin({
    name: "churn",
    version: "1.0.0",
    pitlane: "*",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      const cache = ctx.perf.cache<number>({ capacity: 10 });
      const pool = ctx.perf.objectPool({ create: () => ({ id: 0 }), initial: 2 });
      const seen = ctx.metrics.counter("quotes_total", { help: "Quotes heard." });
      void cache.set("fee", 1, { class: "market" });
      pool.acquire();
      ctx.on("quote", { instrument }, ({ askTicks }) => {
        seen.inc();
        const [open] = ctx.openOrders(instrument);
        if (open?.state === "submitted" && stalls > 0) {
          stalls--;
          const untilMs = performance.now() + stallMs;
          while (performance.now() < untilMs);
        }
        if (open !== undefined) return;
        const held = ctx.positionLots(instrument);
        const sizeLots = held > 0 ? held : lotsWorth(instrument, askTicks, 2n * instrument.minNotional);
        ctx.submit({ instrument, side: held > 0 ? "sell" : "buy", type: "market", sizeLots });
      });
    },
  });
}

test("a session's samples tell what it does, stage by stage and plugin by plugin", async () => {
  const { runtime, samples } = await setUp(churn());
  expect(samples.latest).toBeUndefined();
  await vi.waitFor(() => expect(samples.recent.length).toBeGreaterThanOrEqual(2), { timeout: 20_000, interval: 50 });
  await vi.waitFor(() => expect(samples.latest?.flow.filled).toBeGreaterThan(3), { timeout: 20_000, interval: 50 });
  const sample = samples.latest!;
  expect(sample.events.count).toBeGreaterThan(10);
  expect(sample.events.peakPerSecond).toBeGreaterThan(0);
  expect(sample.fills.count).toBeGreaterThan(3);
  for (const stage of [
    "decode",
    "dispatch",
    "strategy",
    "risk",
    "journal",
    "send",
    "ack",
    "tickToOrder",
    "processing",
    "execution",
  ] as const) {
    const { minute, total } = sample.latency[stage];
    expect(total.count, stage).toBeGreaterThan(0);
    expect(minute.count, stage).toBe(total.count); // all within the first minute
    expect(minute.p50, stage).toBeLessThanOrEqual(minute.max);
  }
  const [plugin] = sample.plugins;
  expect(plugin).toMatchObject({ name: "churn", standing: "active", isPaused: false, faults: 0, budgetHookMs: 60_000 });
  expect(plugin?.hooks.total.count).toBeGreaterThan(10);
  expect(plugin?.orders).toBeGreaterThanOrEqual(sample.flow.submitted);
  expect(sample.instruments.map(({ id }) => id)).toEqual(runtime.instruments.map(({ id }) => id));
  expect(sample.instruments[0]).toMatchObject({ isSynced: true, gaps: 0 });
  expect(sample.instruments[0]?.quietMs).toBeLessThan(5_000);
  const usdt = sample.profit.find(({ asset }) => asset === "USDT");
  expect(Number(usdt?.fees)).toBeGreaterThan(0);
  expect(usdt?.drawdown).not.toBe("0"); // a run begins at nothing, and this one pays fees and spreads
  expect(usdt?.drawdownUsed).toBeLessThan(1);
  expect(sample.journal.events).toBeGreaterThan(0);
  expect(sample.process.memory.rssBytes).toBeGreaterThan(1e7);
  expect(sample.caches).toEqual([{ name: "churn/cache-1", tier: "memory", hits: 0, misses: 0, entries: 1 }]);
  expect(sample.pools).toEqual([{ name: "churn/objects-1", free: 1, inUse: 1, created: 2 }]);
  expect(sample.trading.state).toBe("active");
  expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
  const text = prometheusText(samples.metrics());
  expect(text).toContain('pitlane_stage_latency_seconds{stage="execution",quantile="0.99"}');
  expect(text).toContain("process_resident_memory_bytes");
  expect(text).toContain("plugin_churn_quotes_total");
});

test("the slowest orders have their stages, and a stall of the loop that held them up", async () => {
  const { samples } = await setUp(churn(80));
  const held = () => samples.slowest().find(({ overlaps }) => overlaps.some(({ kind }) => kind === "loopStall"));
  // The first orders may be answered before a quote comes that could hold them up.
  await vi.waitFor(() => expect(held()?.totalUs).toBeGreaterThan(30_000), { timeout: 20_000, interval: 50 });
  expect(held()).toMatchObject({ strategy: "churn" });
  const slowest = samples.slowest();
  for (const { totalUs, stages, slowest: stage } of slowest) {
    const known = Object.values(stages).filter((us) => us !== null);
    expect(known.reduce((sum, us) => sum + us, 0)).toBeCloseTo(totalUs, 0);
    expect(stages[stage]).toBe(Math.max(...known));
  }
  const totals = slowest.map(({ totalUs }) => totalUs);
  expect(totals).toEqual([...totals].sort((a, b) => b - a));
});

test("a session that is not sampled trades all the same", async () => {
  const { runtime, samples } = await setUp(churn(), false);
  await vi.waitFor(() => expect(runtime.status().fills).toBeGreaterThan(3), { timeout: 20_000, interval: 50 });
  expect(samples.latest).toBeUndefined();
  expect(samples.metrics().metrics.map(({ name }) => name)).toEqual(["plugin_churn_quotes_total"]);
});
