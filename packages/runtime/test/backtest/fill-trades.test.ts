import { expect, test } from "vitest";
import { fillsOf, run, trades, wanting } from "./setup.ts";

test("a taker gets the last price and half the spread", async () => {
  const { plugin } = wanting("trade", { side: "buy", type: "market", sizeLots: 10 });
  const result = await run(plugin, trades([0, 100, 1, "buy"], [10, 105, 1, "buy"]));
  expect(fillsOf(result)).toEqual(["buy 10@101 taker 0"]);
});

test("with latency a taker gets the price of when it arrives, before the trade of that moment is known", async () => {
  const { plugin } = wanting("trade", { side: "sell", type: "market", sizeLots: 10 });
  const result = await run(plugin, trades([0, 100, 1, "buy"], [10, 105, 1, "buy"], [30, 90, 1, "buy"]), {
    latency: { orderUs: 20_000 },
  });
  expect(fillsOf(result)).toEqual(["sell 10@104 taker 20"]);
});

test("an order that rests is filled by trades through its price, by no more than their size", async () => {
  const { plugin } = wanting("trade", { side: "buy", type: "limit", priceTicks: 98, sizeLots: 10 });
  const result = await run(
    plugin,
    trades([0, 100, 1, "buy"], [1, 98, 50, "sell"], [2, 97, 4, "sell"], [3, 97, 20, "sell"]),
  );
  expect(fillsOf(result)).toEqual(["buy 4@98 maker 2", "buy 6@98 maker 3"]);
});

test("trades at its price fill it once what stands before it is used up, and only those that take from its side", async () => {
  const { plugin } = wanting("trade", { side: "sell", type: "limit", priceTicks: 102, sizeLots: 10 });
  const result = await run(
    plugin,
    trades([0, 100, 1, "buy"], [1, 102, 20, "buy"], [2, 102, 99, "sell"], [3, 102, 15, "buy"], [4, 102, 9, "buy"]),
    { fillModel: { trades: { aheadLots: 30 } } },
  );
  expect(fillsOf(result)).toEqual(["sell 5@102 maker 3", "sell 5@102 maker 4"]);
});

test("two orders at one price do not get the same trade twice, and the better price goes first", async () => {
  const { plugin } = wanting(
    "trade",
    { side: "buy", type: "limit", priceTicks: 97, sizeLots: 10 },
    { side: "buy", type: "limit", priceTicks: 98, sizeLots: 10 },
    { side: "buy", type: "limit", priceTicks: 98, sizeLots: 10 },
  );
  const result = await run(plugin, trades([0, 100, 1, "buy"], [1, 96, 25, "sell"]));
  expect(fillsOf(result)).toEqual(["buy 10@98 maker 1", "buy 10@98 maker 1", "buy 5@97 maker 1"]);
});

test("post-only orders that would take are rejected; IOC ones that the price does not suit expire", async () => {
  const { plugin, told } = wanting(
    "trade",
    { side: "buy", type: "postOnly", priceTicks: 101, sizeLots: 1 },
    { side: "buy", type: "limit", timeInForce: "IOC", priceTicks: 100, sizeLots: 1 },
  );
  const { rejections } = await run(plugin, trades([0, 100, 1, "buy"], [1, 100, 1, "sell"]));
  expect(told.orders.map(({ state }) => state)).toEqual(["rejected", "expired"]);
  expect(rejections).toEqual([{ reason: "a post-only order would take", count: 1 }]);
});
