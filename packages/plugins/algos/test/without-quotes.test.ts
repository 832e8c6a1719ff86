import {
  BarColumnsBuilder,
  checkConfig,
  defineStrategy,
  type MarketData,
  type PluginContext,
  runBacktest,
  TradeColumnsBuilder,
} from "pitlane";
import { testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import {
  type AlgoHandle,
  bracket,
  iceberg,
  pov,
  type TrailingStopOptions,
  trailingStop,
  twap,
  vwap,
} from "../src/index.ts";
import { instrument, setUp, terms } from "./support.ts";

const ONE = 100_000_000n;
const START_US = 1_767_225_600_000_000;
const MINUTE_US = 60_000_000;
const ALL = [bracket, iceberg, pov, trailingStop, twap, vwap];
const coin = testInstrument({ priceDecimals: 0, sizeDecimals: 0, minNotional: 0n });

/** `[open, high, low, close]` a minute each, in which 1000 lots are traded. */
function bars(...rows: readonly (readonly [number, number, number, number])[]): MarketData {
  const builder = new BarColumnsBuilder(MINUTE_US);
  for (const [i, row] of rows.entries()) builder.push(START_US + i * MINUTE_US, ...row, 1000);
  return { instrument: coin, columns: builder.finish() };
}

/** Trades of 10 lots at these prices, a second each. */
function trades(...prices: readonly number[]): MarketData {
  const builder = new TradeColumnsBuilder();
  for (const [i, price] of prices.entries()) builder.push(START_US + i * 1_000_000, price, 10, i % 2 === 0, i + 1);
  return { instrument: coin, columns: builder.finish() };
}

/** Starts something at the first trade or bar, with 100 coins and 1,000,000 USDT. */
async function backtest(data: MarketData, start: (ctx: PluginContext) => AlgoHandle) {
  let handle: AlgoHandle | undefined;
  const strategy = defineStrategy({
    name: "strategy",
    requires: ALL.map(({ name }) => name),
    setup(ctx) {
      const begin = () => {
        handle ??= start(ctx as never);
      };
      ctx.on("bar", { optional: true }, begin);
      ctx.on("trade", { optional: true }, begin);
    },
  });
  const { fills, faults, unheard } = await runBacktest({
    plugins: [...ALL.map((plugin) => ({ plugin })), { plugin: strategy }],
    data: [data],
    fees: { makerBps: 0, takerBps: 0 },
    balances: new Map([
      ["AAA", 100n * ONE],
      ["USDT", 1_000_000n * ONE],
    ]),
    risk: checkConfig(
      { risk: { maxOrderNotional: "10000000", maxPositionNotional: "10000000", maxDrawdown: "0", maxDailyLoss: "0" } },
      "test",
    ).risk,
  });
  expect({ faults, unheard }).toEqual({ faults: [], unheard: [] });
  return {
    handle: handle as AlgoHandle,
    fills: fills.map(
      ({ side, sizeLots, priceTicks, isMaker }) => `${side} ${sizeLots}@${priceTicks}${isMaker ? "" : " taken"}`,
    ),
  };
}

const entry = { instrument: coin, side: "buy", sizeLots: 10, stopTicks: 95, targetTicks: 110 } as const;

test("on bars a bracket enters at the next open, and its target is filled where a bar trades through it", async () => {
  const data = bars([100, 101, 99, 100], [100, 102, 99, 101], [101, 112, 100, 111], [111, 112, 110, 111]);
  const { handle, fills } = await backtest(data, (ctx) => ctx.use("bracket").start({ ...entry, slippageBps: 100 }));
  expect(fills).toEqual(["buy 10@100 taken", "sell 10@110"]);
  expect(handle.state).toBe("done");
});

test("on bars a stop triggers by a bar's low, and closes at the next open", async () => {
  const data = bars([100, 101, 99, 100], [100, 102, 99, 101], [101, 102, 94, 97], [96, 98, 95, 97], [97, 98, 96, 97]);
  const { handle, fills } = await backtest(data, (ctx) => ctx.use("bracket").start({ ...entry, slippageBps: 100 }));
  expect(fills).toEqual(["buy 10@100 taken", "sell 10@96 taken"]);
  expect(handle.state).toBe("done");
});

test.each([
  // Both rise to 106, where the stop is at 102, and fall to 101; which comes first decides.
  ["the high is nearer to the open, and comes first", [105, 106, 101, 105], ["sell 10@99 taken"]],
  ["the low is nearer to the open, and comes first", [102, 106, 101, 105], []],
] as const)("on bars a trailing stop follows highs and triggers by lows: %s", async (_, row, wanted) => {
  const { fills } = await backtest(bars([101, 101, 100, 101], row, [99, 99, 99, 99]), (ctx) =>
    ctx.use("trailing-stop").start({ instrument: coin, side: "sell", sizeLots: 10, trailTicks: 4 }),
  );
  expect(fills).toEqual(wanted);
});

test("on trades a trailing stop follows the last price", async () => {
  const { handle, fills } = await backtest(trades(100, 104, 103, 108, 105, 104, 103, 103), (ctx) =>
    ctx.use("trailing-stop").start({ instrument: coin, side: "sell", sizeLots: 10, trailTicks: 4 }),
  );
  expect(fills).toEqual(["sell 10@103 taken"]); // triggered at 104, taken half a spread below the last trade
  expect(handle.state).toBe("done");
});

test.each([
  [
    "twap",
    (ctx: PluginContext) =>
      ctx.use("twap").start({ instrument: coin, side: "buy", sizeLots: 8, durationMs: 240_000, slices: 4 }),
  ],
  [
    "vwap-execution",
    (ctx: PluginContext) =>
      ctx.use("vwap-execution").start({ instrument: coin, side: "buy", sizeLots: 8, durationMs: 240_000, slices: 4 }),
  ],
  ["pov", (ctx: PluginContext) => ctx.use("pov").start({ instrument: coin, side: "buy", sizeLots: 8, rateBps: 20 })],
] as const)("on bars %s works its parent to the whole size", async (_, start) => {
  const flat = Array.from({ length: 12 }, () => [100, 101, 99, 100] as const);
  const { handle, fills } = await backtest(bars(...flat), start);
  expect(handle).toMatchObject({ state: "done", filledLots: 8 });
  expect(fills.length).toBeGreaterThan(1);
});

test("an instrument that was quoted once is looked at by its quotes alone", async () => {
  const { host, start } = await setUp<TrailingStopOptions>(trailingStop);
  host.quote({ bidTicks: 10_000, askTicks: 10_010 });
  start({ instrument, side: "sell", sizeLots: 100, trailTicks: 50 });
  host.quote({ bidTicks: 10_000, askTicks: 10_010 });
  host.trade({ priceTicks: 9_000 });
  expect(host.orders).toEqual([]);
  host.quote({ bidTicks: 9_950, askTicks: 9_960 });
  expect(host.orders.map(terms)).toEqual(["sell market 100@market accepted"]);
});
