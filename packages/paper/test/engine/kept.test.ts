import { expect, test } from "vitest";
import { checkOptions } from "../../src/options.ts";
import { setUpMarket } from "./market-setup.ts";

const KEPT = { orders: 10, trades: 5 };

test("a market forgets its oldest closed orders, fills and trades when it has twice as many as it keeps", () => {
  const { market, alice, request, trade } = setUpMarket({ kept: KEPT });
  for (let n = 1; n < 2 * KEPT.orders; n++) market.place(request(alice, { timeInForce: "IOC" }), n);
  expect(market.ledger.all).toHaveLength(19);
  market.place(request(alice, { timeInForce: "IOC" }), 20);
  expect(market.ledger.all.map(({ id }) => id)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(market.ledger.find(alice.index, 10)).toBeUndefined();
  expect(market.ledger.findByClientId(alice.index, "id-0")).toBeUndefined();
  expect(market.ledger.findByClientId(alice.index, "id-19")?.id).toBe(20);
  for (let n = 0; n < 2 * KEPT.trades; n++) trade(10_000, n);
  expect(market.tape.trades.items).toHaveLength(KEPT.trades);
  expect(market.tape.trades.last?.id).toBe(10);
});

test("an open order is kept, however many came after it", () => {
  const { market, alice, request } = setUpMarket({ kept: KEPT });
  market.place(request(alice, { clientOrderId: "rests", priceTicks: 9_000 }), 0);
  for (let n = 1; n <= 4 * KEPT.orders; n++) market.place(request(alice, { timeInForce: "IOC" }), n);
  expect(market.ledger.find(alice.index, 1)?.clientOrderId).toBe("rests");
  expect(market.ledger.findOpen(alice.index, "rests")?.id).toBe(1);
});

test("what is kept is checked, each on its own", () => {
  expect(checkOptions({ kept: { trades: 5_000 } }).kept).toEqual({ orders: 100_000, trades: 5_000 });
  expect(() => checkOptions({ kept: { orders: 999 } })).toThrow(/kept\.orders/);
  expect(() => checkOptions({ kept: { trades: 1e6 + 1 } })).toThrow(/kept\.trades/);
  expect(() => checkOptions({ kept: { orders: 1_000.5 } })).toThrow(/kept\.orders/);
});
