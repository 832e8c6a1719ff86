import { expect, test } from "vitest";
import { defineStrategy, type PluginContext } from "../../src/index.ts";
import { createTestHost, testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const other = testInstrument({ id: "test:BBB/USDT", symbol: "BBB/USDT", venueSymbol: "BBBUSDT", base: "BBB" });

async function setUp(setup: (ctx: PluginContext) => void) {
  const plugin = defineStrategy({ name: "listener", setup });
  return createTestHost({ plugin, instruments: [instrument, other] });
}

test("each hook hears the bars it asked for, and no others", async () => {
  const heard: string[] = [];
  const host = await setUp((ctx) => {
    for (const every of ["1s", "1m", { ticks: 3 }, { volumeLots: 20 }, { notional: 300_00000n }] as const)
      ctx.on("bar", { instrument, every }, ({ interval, trades }) => void heard.push(`${interval}: ${trades}`));
    ctx.on("bar", { every: { ticks: 2 } }, (bar) => void heard.push(`${bar.instrument.symbol} ${bar.interval}`));
    ctx.on("bar", () => void heard.push("of the venue"));
  });
  host.trade({ priceTicks: 1000, sizeLots: 15 });
  host.trade({ priceTicks: 1000, sizeLots: 15, instrument: other });
  host.advance({ ms: 400 });
  host.trade({ priceTicks: 1001, sizeLots: 15 });
  expect(heard.splice(0)).toEqual(["20 lots: 2", "30000000 units: 2", "AAA/USDT 2 ticks"]);
  host.trade({ priceTicks: 1001, sizeLots: 15, instrument: other });
  host.trade({ priceTicks: 1002, sizeLots: 15 });
  expect(heard.splice(0)).toEqual(["BBB/USDT 2 ticks", "3 ticks: 3"]);
  host.advance({ ms: 60_000 });
  expect(heard).toEqual(["1s: 3", ...new Array<string>(59).fill("1s: 0"), "1m: 3"]);
});

test("a time bar is heard before the trade after it, a counted one after its last trade", async () => {
  const heard: string[] = [];
  const host = await setUp((ctx) => {
    ctx.on("trade", ({ priceTicks }) => void heard.push(`trade ${priceTicks}`));
    ctx.on("bar", { instrument, every: "1s" }, ({ closeTicks }) => void heard.push(`bar ${closeTicks}`));
    ctx.on("bar", { instrument, every: { ticks: 2 } }, ({ closeTicks }) => void heard.push(`two ${closeTicks}`));
  });
  host.trade({ priceTicks: 1000 });
  host.advance({ ms: 1_100 }); // the grace is not over
  host.trade({ priceTicks: 1001 });
  expect(heard).toEqual(["trade 1000", "bar 1000", "trade 1001", "two 1001"]);
});

test("bars of a hole come when the stream is whole, after hooks have heard that it is", async () => {
  const heard: string[] = [];
  const host = await setUp((ctx) => {
    ctx.on("resync", () => void heard.push("resync"));
    ctx.on("bar", { instrument, every: "1s" }, ({ closeTicks, hasGap }) => void heard.push(`${closeTicks} ${hasGap}`));
  });
  host.trade({ priceTicks: 1000 });
  host.advance({ ms: 1_000 });
  host.trade({ priceTicks: 1001 });
  host.gap({ channel: "trade" });
  host.advance({ ms: 3_000 });
  expect(heard.splice(0)).toEqual(["1000 true"]); // begun in the middle
  host.resync({ channel: "trade", missing: 2 });
  expect(heard.splice(0)).toEqual(["resync", "1001 true", "1001 false"]);
  host.advance({ ms: 300 });
  expect(heard).toEqual(["1001 false"]);
});

test("statistics follow the market from setup on", async () => {
  let ctx: PluginContext | undefined;
  const host = await setUp((own) => {
    ctx = own;
    own.stats(instrument);
  });
  host.quote({ bidTicks: 1000, askTicks: 1002 });
  host.trade({ priceTicks: 1004, sizeLots: 4 });
  host.trade({ priceTicks: 1000, sizeLots: 4, aggressor: "sell" });
  host.book({
    bids: [[1000, 30]],
    asks: [
      [1002, 10],
      [1003, 50],
    ],
  });
  const stats = ctx!.stats(instrument);
  expect(stats).toMatchObject({
    trades: 2,
    vwapTicks: 1002,
    meanTradeLots: 4,
    tradeThroughs: 1,
    spreadTicks: 2,
    bookImbalance: -30 / 90,
  });
  expect(stats.impactBps(2)).toBe(5);
  expect(stats.walkTheBook("buy", 20)?.averageTicks).toBe(1002.5);
  host.gap();
  expect(stats.spreadTicks).toBeNaN();
  expect(stats.walkTheBook("buy", 20)).toBeUndefined();
  host.gap({ channel: "trade" });
  host.resync({ channel: "trade", missing: 0 });
  expect(stats.trades).toBe(2);
  host.resync({ channel: "trade", missing: 1 });
  expect(stats.trades).toBe(0);
  expect(() => ctx!.stats(other)).toThrow(/ctx\.stats after setup/);
});

test("recent rows are kept as many as were asked for, and only of what was", async () => {
  let read: (() => readonly (number | undefined)[]) | undefined;
  const host = await setUp((ctx) => {
    const trades = ctx.recent(instrument, "trades", 2);
    const quotes = ctx.recent(instrument, "quotes");
    expect(ctx.recent(instrument, "trades", 2)).toBe(trades);
    const [prices, sells, bids] = [trades.column("priceTicks"), trades.column("isSell"), quotes.column("bidTicks")];
    read = () => [trades.size, trades.evicted, prices.at(0), prices.at(-1), sells.at(-1), quotes.capacity, bids.at(-1)];
  });
  for (const priceTicks of [1000, 1001, 1002]) host.trade({ priceTicks, aggressor: "sell" });
  host.trade({ priceTicks: 5, instrument: other });
  host.quote({ bidTicks: 999, askTicks: 1001 });
  expect(read!()).toEqual([2, 1, 1001, 1002, 1, 10_000, 999]);
});

test("what cannot be made of a market is refused at setup, by name", async () => {
  const failing = (setup: (ctx: PluginContext) => unknown) => setUp((ctx) => void setup(ctx));
  await expect(failing((ctx) => ctx.on("bar", { every: "2m" as "1m" }, () => {}))).rejects.toThrow(/"2m" is no length/);
  await expect(failing((ctx) => ctx.recent(instrument, "books" as "trades"))).rejects.toThrow(
    /keeps "trades" or "quotes"/,
  );
  await expect(failing((ctx) => ctx.recent(instrument, "trades", 0))).rejects.toThrow(/capacity/);
  await expect(failing((ctx) => ctx.stats(testInstrument()))).rejects.toThrow(/ctx\.instruments/);
});
