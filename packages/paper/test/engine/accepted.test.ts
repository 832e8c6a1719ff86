import fc from "fast-check";
import { expect, test } from "vitest";
import { type AcceptedOrder, AcceptedOrders } from "../../src/engine/accepted.ts";

test("keeps every order, and finds the ids that came twice, whatever was asked in between", () => {
  const row = fc.record({
    account: fc.integer({ min: 1, max: 2 }),
    market: fc.integer({ min: 0, max: 1 }),
    id: fc.constantFrom("a", "b", "c", "d"),
    region: fc.constantFrom("tokyo", "ireland", ""),
    asks: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      const accepted = new AcceptedOrders(["AAAUSDT", "BBBUSDT"]);
      const naive: AcceptedOrder[] = [];
      const again: typeof naive = [];
      for (const [i, { account, market, id, region, asks }] of rows.entries()) {
        const symbol = market === 0 ? "AAAUSDT" : "BBBUSDT";
        const order = { account, symbol, orderId: i, clientOrderId: id, region, acceptedUs: 1000 + i };
        const isAgain = naive.some(
          (other) => other.account === account && other.symbol === symbol && other.clientOrderId === id,
        );
        if (isAgain) again.push(order);
        naive.push(order);
        accepted.through(region);
        accepted.add(account, market, i, id, 1000 + i);
        if (asks) expect(accepted.repeated()).toEqual(again);
      }
      expect(accepted.list()).toEqual(naive);
      expect(accepted.repeated()).toEqual(again);
      expect(accepted.find("a")).toEqual(naive.filter(({ clientOrderId }) => clientOrderId === "a"));
      expect(accepted.list(1, 3)).toEqual(naive.slice(1, 3));
    }),
  );
});

test("goes on over the end of a chunk", () => {
  const accepted = new AcceptedOrders(["AAAUSDT"]);
  for (let i = 0; i < 10_000; i++) accepted.add(1, 0, i, `id-${i % 9999}`, i);
  expect(accepted.size).toBe(10_000);
  expect(accepted.list(4095, 4097).map(({ orderId }) => orderId)).toEqual([4095, 4096]);
  expect(accepted.repeated().map(({ orderId }) => orderId)).toEqual([9999]);
});
