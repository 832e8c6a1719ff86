import fc from "fast-check";
import { expect, test } from "vitest";
import { describeTrading, growingOrders, INITIAL_TRADING, RiskHaltError } from "../../src/engines/trading-state.ts";
import { Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const open = fc.array(
  fc.record({ side: fc.constantFrom("buy" as const, "sell" as const), lots: fc.integer({ min: 1, max: 50 }) }),
  { maxLength: 20 },
);

test("what stays open in reduce-only can fill in any part and never grows or turns the position", () => {
  fc.assert(
    fc.property(open, fc.integer({ min: -100, max: 100 }), (wanted, positionLots) => {
      const orders = wanted.map(({ side, lots }, i) => {
        const terms = { instrument, side, type: "limit", priceTicks: 1000, sizeLots: lots } as const;
        return Object.assign(new Order(`o${i}`, "s", 0, terms), { state: "accepted" });
      });
      const growing = new Set(growingOrders(orders, positionLots));
      const kept = orders.filter((order) => !growing.has(order));
      const keptLots = kept.reduce((sum, order) => sum + order.openLots, 0);
      expect(keptLots).toBeLessThanOrEqual(Math.abs(positionLots));
      for (const { intent } of kept) expect(intent.side).toBe(positionLots > 0 ? "sell" : "buy");
      // None is cancelled that would have had room.
      for (const order of growing) {
        const shrinks = positionLots !== 0 && order.intent.side === (positionLots > 0 ? "sell" : "buy");
        const before = kept.filter((one) => orders.indexOf(one) < orders.indexOf(order));
        const leftLots = Math.abs(positionLots) - before.reduce((sum, one) => sum + one.openLots, 0);
        if (shrinks) expect(order.openLots).toBeGreaterThan(leftLots);
      }
    }),
  );
});

test("how trading stands is told in a sentence", () => {
  expect(describeTrading(INITIAL_TRADING)).toBe("trading is active");
  const error = new RiskHaltError({ state: "halted", reason: "MAX_DAILY_LOSS: 600", by: "risk", sinceUs: 1 });
  expect(error).toMatchObject({ code: "HALTED", message: "trading is halted, by risk: MAX_DAILY_LOSS: 600" });
});
