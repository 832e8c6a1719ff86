import {
  checkConfig,
  DepthColumnsBuilder,
  DepthOp,
  defineStrategy,
  type Instrument,
  lotsWorth,
  type Plugin,
  runBacktest,
} from "pitlane";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { type AlgoHandle, pov, twap, vwap } from "../src/index.ts";

/** One resting parent for each algorithm that has styles. */
function trader(handles: AlgoHandle[]): Plugin {
  return defineStrategy({
    name: "trader",
    requires: ["twap", "vwap-execution", "pov"],
    setup(ctx) {
      const [instrument] = ctx.instruments as readonly [Instrument];
      ctx.on("quote", { instrument }, ({ bidTicks }) => {
        if (handles.length > 0) return;
        const sizeLots = 8 * lotsWorth(instrument, bidTicks, instrument.minNotional);
        const parent = { instrument, side: "buy", sizeLots, style: "resting", repegMs: 50 } as const;
        handles.push(ctx.use("twap").start({ ...parent, durationMs: 1_500, slices: 3 }));
        handles.push(ctx.use("vwap-execution").start({ ...parent, durationMs: 1_500, profile: [1, 2, 1] }));
        handles.push(ctx.use("pov").start({ ...parent, rateBps: 5000, restMs: 200 }));
      });
    },
  });
}

async function session() {
  const handles: AlgoHandle[] = [];
  const host = await createTestHost({
    plugin: trader(handles),
    with: [twap, vwap, pov].map((plugin) => ({ plugin })),
    seed: 3,
    market: { model: "random-walk", risk: { maxOrderNotional: "10000", maxPositionNotional: "100000" } },
  });
  await host.run({ ms: 2500 });
  const [instrument] = host.instruments as readonly [Instrument];
  const result = {
    states: handles.map(({ id, state, filledLots, sizeLots }) => ({ id, state, filledLots, sizeLots })),
    position: host.positionLots(instrument),
    decisions: host.decisions,
    faults: host.faults,
    intents: host.decisions.filter(({ kind }) => kind === "intent").map(({ body }) => JSON.parse(body)),
  };
  await host.close();
  return result;
}

test("on the paper exchange resting parents are worked to their exact size, follow the touch, and do it alike for the same seed", async () => {
  const first = await session();
  expect(first.faults).toEqual([]);
  for (const { state, filledLots, sizeLots } of first.states) expect([state, filledLots]).toEqual(["done", sizeLots]);
  expect(first.position).toBe(first.states.reduce((sum, { filledLots }) => sum + filledLots, 0));
  const resting = first.intents.filter(({ type }) => type === "postOnly");
  const taking = first.intents.filter(({ type }) => type !== "postOnly");
  expect(new Set(resting.map(({ priceTicks }) => priceTicks)).size).toBeGreaterThan(1);
  const lotsOf = (intents: readonly { readonly sizeLots: number }[]) =>
    intents.reduce((sum, { sizeLots }) => sum + sizeLots, 0);
  expect(lotsOf(taking)).toBeLessThan(first.position); // what rested was filled in part at least
  expect(first.decisions.some(({ kind }) => kind === "cancel")).toBe(true);
  const second = await session();
  expect(second.decisions).toEqual(first.decisions);
  expect(second.states).toEqual(first.states);
}, 120_000);

/** A market of one level a side, by second: `[bidTicks, askTicks]`. */
async function backtest(touches: readonly (readonly [number, number])[]) {
  const instrument = testInstrument();
  const fromUs = 1_767_225_600_000_000;
  const builder = new DepthColumnsBuilder();
  for (const [second, [bidTicks, askTicks]] of touches.entries()) {
    const atUs = fromUs + second * 1_000_000;
    builder.push(atUs, atUs, DepthOp.clear);
    builder.push(atUs, atUs, DepthOp.bid, bidTicks, 10_000);
    builder.push(atUs, atUs, DepthOp.ask, askTicks, 10_000);
    builder.push(atUs, atUs, DepthOp.end);
  }
  const states: string[] = [];
  const plugin = defineStrategy({
    name: "trader",
    requires: ["twap"],
    setup(ctx) {
      let isStarted = false;
      ctx.on("quote", () => {
        if (isStarted) return;
        isStarted = true;
        const parent = { instrument: ctx.instruments[0]!, side: "buy", sizeLots: 1000, style: "resting" } as const;
        ctx
          .use("twap")
          .start({ ...parent, durationMs: 8_000, slices: 1 })
          .onDone(({ state }) => states.push(state));
      });
    },
  });
  const { fills, faults } = await runBacktest({
    plugins: [{ plugin: twap }, { plugin }],
    data: [{ instrument, columns: builder.finish() }],
    fees: { makerBps: 1, takerBps: 1 },
    latency: { orderUs: 2000 },
    balances: new Map([["USDT", 10n ** 13n]]),
    risk: checkConfig({}, "the test").risk,
  });
  expect(faults).toEqual([]);
  return { states, fills: fills.map(({ priceTicks, sizeLots, isMaker }) => ({ priceTicks, sizeLots, isMaker })) };
}

test("in a backtest a parent rests, follows the touch, and is filled as a maker when the market comes to it", async () => {
  const quiet = [9_995, 10_005] as const;
  const { states, fills } = await backtest([
    [9_990, 10_000],
    quiet,
    quiet,
    quiet,
    [9_980, 9_990],
    ...new Array(8).fill(quiet),
  ]);
  expect(states).toEqual(["done"]);
  expect(fills).toEqual([{ priceTicks: 9_995, sizeLots: 1000, isMaker: true }]);
});

test("in a backtest what was not filled in its time is taken", async () => {
  const { states, fills } = await backtest(new Array(15).fill([9_990, 10_000]));
  expect(states).toEqual(["done"]);
  expect(fills).toEqual([{ priceTicks: 10_000, sizeLots: 1000, isMaker: false }]);
});
