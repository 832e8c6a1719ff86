import { expect, test } from "vitest";
import { bars, coin, fillsOf, run, scripted, wanting } from "./setup.ts";

const FLAT = [100, 105, 95, 100, 1000] as const;
const wholeVolume = { fillModel: { bars: { volumeShare: 1 } } };

test("a market order wanted at a close takes the next open, not the bar it was wanted on", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "market", sizeLots: 10 });
  const result = await run(plugin, bars(FLAT, [110, 120, 108, 115, 1000]));
  expect(fillsOf(result)).toEqual(["buy 10@110 taker 60000"]);
});

test("slippage moves a taker away from the open, but not out of the bar", async () => {
  const { plugin } = wanting("bar", { side: "sell", type: "market", sizeLots: 10 });
  const data = bars(FLAT, [110, 120, 108, 115, 1000]);
  const slipped = async (slippageTicks: number) =>
    fillsOf(await run(plugin, data, { fillModel: { bars: { slippageTicks } } }));
  expect(await slipped(1)).toEqual(["sell 10@109 taker 60000"]);
  expect(await slipped(50)).toEqual(["sell 10@108 taker 60000"]);
});

test("a limit order is filled at its price once a bar goes through it, and not at the extreme itself", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "limit", priceTicks: 96, sizeLots: 10 });
  const result = await run(plugin, bars(FLAT, [100, 101, 96, 100, 1000], [100, 101, 95, 100, 1000]));
  expect(fillsOf(result)).toEqual(["buy 10@96 maker 180000"]);
});

test("a limit order that rests is filled at its own price where a gap jumps over it, and no better", async () => {
  const jumped = async (
    side: "buy" | "sell",
    priceTicks: number,
    ...row: readonly [number, number, number, number]
  ) => {
    const { plugin } = wanting("bar", { side, type: "limit", priceTicks, sizeLots: 10 });
    return fillsOf(await run(plugin, bars(FLAT, [100, 101, 97, 100, 1000], [...row, 1000])));
  };
  expect(await jumped("buy", 96, 90, 92, 88, 91)).toEqual(["buy 10@96 maker 180000"]);
  expect(await jumped("sell", 104, 110, 112, 108, 111)).toEqual(["sell 10@104 maker 180000"]);
});

test("what is left of one that took at its open gets the worst price of later bars, within its limit", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "limit", priceTicks: 110, sizeLots: 12 });
  const result = await run(plugin, bars(FLAT, [100, 105, 95, 100, 80], [100, 104, 98, 101, 80]));
  expect(fillsOf(result)).toEqual(["buy 8@100 taker 60000", "buy 4@104 maker 180000"]);
});

test("a marketable limit order takes at the open, and never beyond its limit", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "limit", priceTicks: 102, sizeLots: 10 });
  const result = await run(plugin, bars(FLAT, [100, 110, 99, 105, 1000]), {
    fillModel: { bars: { slippageTicks: 5 } },
  });
  expect(fillsOf(result)).toEqual(["buy 10@102 taker 60000"]);
});

test("IOC and FOK orders that the open does not suit expire, whatever the bar does later", async () => {
  for (const timeInForce of ["IOC", "FOK"] as const) {
    const { plugin, told } = wanting("bar", { side: "buy", type: "limit", timeInForce, priceTicks: 99, sizeLots: 10 });
    const result = await run(plugin, bars(FLAT, [100, 110, 90, 105, 1000]));
    expect(result.fills).toEqual([]);
    expect(told.orders[0]?.state).toBe("expired");
  }
});

test("all orders together get a share of the bar's volume: the rest of a limit order waits, an IOC's expires, a FOK gets all or none", async () => {
  const data = bars(FLAT, [100, 110, 90, 105, 80], [100, 110, 90, 105, 80]);
  const limit = wanting("bar", { side: "buy", type: "limit", priceTicks: 100, sizeLots: 12 });
  expect(fillsOf(await run(limit.plugin, data))).toEqual(["buy 8@100 taker 60000", "buy 4@100 maker 180000"]);
  const ioc = wanting("bar", { side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 100, sizeLots: 12 });
  const partly = await run(ioc.plugin, data);
  expect([fillsOf(partly), ioc.told.orders[0]?.state, ioc.told.orders[0]?.filledLots]).toEqual([
    ["buy 8@100 taker 60000"],
    "expired",
    8,
  ]);
  const fok = wanting("bar", { side: "buy", type: "limit", timeInForce: "FOK", priceTicks: 100, sizeLots: 12 });
  expect((await run(fok.plugin, data)).fills).toEqual([]);
  const two = wanting(
    "bar",
    { side: "buy", type: "market", sizeLots: 6 },
    { side: "buy", type: "market", sizeLots: 6 },
  );
  expect(fillsOf(await run(two.plugin, data))).toEqual(["buy 6@100 taker 60000", "buy 2@100 taker 60000"]);
});

test("a post-only order that would take at its first open expires", async () => {
  const { plugin, told } = wanting("bar", { side: "buy", type: "postOnly", priceTicks: 101, sizeLots: 10 });
  await run(plugin, bars(FLAT, [100, 110, 90, 105, 1000]));
  expect(told.orders[0]?.state).toBe("expired");
});

test("what a fill leads to waits for the next bar: entry and target are never in one", async () => {
  const { plugin } = scripted("bar", (n, ctx) => {
    if (n === 0) ctx.submit({ instrument: coin, side: "buy", type: "limit", priceTicks: 98, sizeLots: 10 });
    if (n === 1) ctx.submit({ instrument: coin, side: "sell", type: "limit", priceTicks: 104, sizeLots: 10 });
  });
  const result = await run(plugin, bars(FLAT, FLAT, FLAT, FLAT), wholeVolume);
  expect(fillsOf(result)).toEqual(["buy 10@98 maker 120000", "sell 10@104 maker 180000"]);
});

test("an order that comes late by a small part of a bar gets its open, one that comes later the next", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "market", sizeLots: 10 });
  const data = bars(FLAT, [110, 120, 108, 115, 1000], [130, 131, 129, 130, 1000]);
  const afterUs = async (orderUs: number) => fillsOf(await run(plugin, data, { latency: { orderUs } }));
  expect(await afterUs(5_000_000)).toEqual(["buy 10@110 taker 65000"]);
  expect(await afterUs(7_000_000)).toEqual(["buy 10@130 taker 120000"]);
});

test("an order is cancelled between bars, and hears of it", async () => {
  const { plugin, told } = scripted("bar", (n, ctx, orders) => {
    if (n === 0)
      orders.push(ctx.submit({ instrument: coin, side: "buy", type: "limit", priceTicks: 96, sizeLots: 10 }));
    if (n === 1) ctx.cancel(orders[0]!);
  });
  const result = await run(plugin, bars(FLAT, [100, 101, 97, 100, 1000], [100, 101, 90, 100, 1000]));
  expect(result.fills).toEqual([]);
  expect(told.orders[0]?.state).toBe("cancelled");
});
