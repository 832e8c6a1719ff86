import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { afterEach, expect, test, vi } from "vitest";
import { checkConfig, defineStrategy, lotsWorth, openRuntime } from "../../src/index.ts";
import { replayRun } from "../../src/replay-run.ts";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Buys and sells in turns on bars of time and of trades, as much as the statistics say. */
function onBars(heard: string[] = []) {
  return defineStrategy({
    name: "on-bars",
    onGap: "cancel",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      const stats = ctx.stats(instrument);
      for (const every of ["1s", { ticks: 10 }] as const) {
        ctx.on("bar", { instrument, every }, ({ interval, closeTicks, trades }) => {
          heard.push(interval);
          const touchTicks = ctx.quote(instrument)?.askTicks;
          const least = touchTicks === undefined ? 0 : lotsWorth(instrument, touchTicks, 2n * instrument.minNotional);
          const walk = stats.walkTheBook("buy", least);
          if (least === 0 || walk === undefined || walk.filledLots < least) return;
          const more = Math.round(Math.abs(stats.orderFlowImbalance + stats.vwapTicks - closeTicks) + trades) % 50;
          const side = ctx.positionLots(instrument) > 0 ? "sell" : "buy";
          ctx.submit({
            instrument,
            side,
            type: "limit",
            timeInForce: "IOC",
            priceTicks: walk.worstTicks,
            sizeLots: least + more,
          });
        });
      }
    },
  });
}

test("a session over real sockets and the replay of its journal make the same of bars and statistics", async () => {
  const clock = createSystemClock();
  const paper = await createPaper({ seed: 3, clock });
  closers.push(() => paper.close());
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  closers.push(() => client.close());
  const journalPath = join(mkdtempSync(join(tmpdir(), "pitlane-bars-")), "journal.db");
  const heard: string[] = [];
  const runtime = await openRuntime({
    run: { id: "test-run", key: "test" },
    mode: "paper",
    config: checkConfig({}, "test"),
    plugins: [{ plugin: onBars(heard) }],
    client,
    trading: client,
    journalPath,
    recvWindowMs: 5000,
    clock,
    log: () => {},
  });
  await vi.waitFor(
    () => {
      expect(heard.filter((interval) => interval === "1s").length).toBeGreaterThan(2);
      expect(heard).toContain("10 ticks");
      expect(runtime.status().orders).toBeGreaterThan(2);
    },
    { timeout: 30_000 },
  );
  const { orders } = await runtime.close("requested");
  const again: string[] = [];
  const report = await replayRun({ journalPath, plugins: [{ plugin: onBars(again) }], clock, log: () => {} });
  expect(report).toMatchObject({ divergences: 0, first: null });
  expect(report.decisions).toBeGreaterThan(orders.submitted);
  expect(again).toEqual(heard);
});
