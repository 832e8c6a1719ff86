import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownOrders } from "../../src/engines/known-orders.ts";
import { clientOrderId, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const KEPT = 3;
const LOTS = 10;

const deed = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("end" as const), filled: fc.nat(LOTS), booked: fc.nat(LOTS) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("book" as const), which: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fillMore" as const), which: fc.nat(100) }) },
);

test("whatever ends and is booked when: orders with missing fills are known, the others are few, and each is open, known or forgotten", () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const numbers = [0];
      const orders = new KnownOrders("run", numbers, KEPT);
      const all: Order[] = [];
      for (const one of deeds) {
        if (one.kind === "end") {
          const id = clientOrderId("run", 0, ++numbers[0]!);
          const order = new Order(id, "s", 0, { instrument, side: "buy", type: "market", sizeLots: LOTS });
          orders.add(order);
          orders.open.add(order);
          const { filled, booked } = one;
          Object.assign(order, { state: "cancelled", filledLots: filled, bookedLots: Math.min(filled, booked) });
          expect(orders.end(order)).toBe(true);
          all.push(order);
        } else {
          const known = all.filter(({ clientOrderId: id }) => orders.find(id) !== undefined);
          const order = known[one.which % Math.max(1, known.length)];
          if (order === undefined) continue;
          if (one.kind === "book") {
            order.bookedLots = order.filledLots;
            orders.settle(order);
          } else {
            order.filledLots = LOTS;
            expect(orders.end(order)).toBe(false); // it has ended before
          }
        }
        const owed = all.filter(({ bookedLots, filledLots }) => bookedLots < filledLots);
        expect(new Set(orders.withMissingFills())).toEqual(new Set(owed));
        for (const order of owed) expect(orders.find(order.clientOrderId)).toBe(order);
        const known = all.filter(({ clientOrderId: id }) => orders.find(id) !== undefined);
        expect(known.length - owed.length).toBeLessThanOrEqual(KEPT);
        const about = { instrument, venueOrderId: "", status: "cancelled", side: "buy", fills: [], atUs: 0 } as const;
        for (const { clientOrderId: id, filledLots, sizeLots } of all) {
          const isKnown = orders.find(id) !== undefined;
          const report = { ...about, clientOrderId: id, filledLots, sizeLots };
          expect(orders.forgotten.hasHeard(report)).toBe(!isKnown);
        }
      }
      expect(orders.open.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
