import type { OrderReport, VenueOrderStatus } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ForgottenOrders } from "../../src/engines/forgotten-orders.ts";
import { isHeard } from "../../src/orders/machine.ts";
import { clientOrderId, Order, type OrderState } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const NUMBERS = [200_000, 40, 7];

function orderOf(owner: number, number: number, end: Partial<Order> = {}): Order {
  const id = clientOrderId("run", owner, number);
  const order = new Order(id, "s", owner, { instrument, side: "buy", type: "market", sizeLots: 10 });
  return Object.assign(order, { state: "filled", filledLots: 10, bookedLots: 10, venueOrderId: "7", ...end });
}

const reportOf = (order: Order, about: Partial<OrderReport> = {}): OrderReport => ({
  instrument,
  clientOrderId: order.clientOrderId,
  venueOrderId: order.venueOrderId,
  status: order.state as VenueOrderStatus,
  side: "buy",
  sizeLots: order.sizeLots,
  filledLots: order.filledLots,
  fills: [],
  atUs: 0,
  ...about,
});

test("ids that this run has made are its own, and no others", () => {
  const forgotten = new ForgottenOrders("run", NUMBERS);
  fc.assert(
    fc.property(fc.nat(3), fc.nat(210_000), (owner, number) => {
      expect(forgotten.isOwn(clientOrderId("run", owner, number))).toBe(number >= 1 && number <= (NUMBERS[owner] ?? 0));
      expect(forgotten.isOwn(clientOrderId("other", owner, number))).toBe(false);
    }),
  );
  const foreign = [
    "",
    "by-hand",
    "pl-run-",
    "pl-run-0",
    "pl-run-0-",
    "pl-run--1",
    "pl-run-0-01",
    "pl-run-0-1-1",
    "pl-run-00-1",
  ];
  for (const id of [...foreign, "pl-run-0-1 ", "pl-run-0-A", "PL-run-0-1"])
    expect([id, forgotten.isOwn(id)]).toEqual([id, false]);
});

const STATES = ["filled", "cancelled", "expired", "rejected"] as const;
const STATUSES = [...STATES, "accepted", "partiallyFilled"] as const;

test("a report on a forgotten order is heard exactly when it were of the order itself, and else it is told what is wrong", () => {
  let heard = 0;
  fc.assert(
    fc.property(
      fc.record({
        state: fc.constantFrom<OrderState>(...STATES),
        filledLots: fc.nat(10),
        venueOrderId: fc.constantFrom("", "7", "12345678901"),
      }),
      fc.record({
        status: fc.constantFrom<VenueOrderStatus>(...STATUSES),
        filledLots: fc.nat(10),
        venueOrderId: fc.constantFrom("", "7", "8", "12345678901"),
      }),
      fc.nat(2),
      fc.integer({ min: 1, max: 7 }),
      (end, about, owner, number) => {
        const forgotten = new ForgottenOrders("run", NUMBERS);
        const order = orderOf(owner, number, { ...end, bookedLots: end.filledLots });
        const report = reportOf(order, about);
        expect(forgotten.hasHeard(report)).toBe(false);
        forgotten.add(order);
        const isOld = isHeard(order, report);
        if (isOld) heard++;
        expect(forgotten.hasHeard(report)).toBe(isOld);
        expect(forgotten.judge(report) === undefined).toBe(isOld);
      },
    ),
    { numRuns: 1000 },
  );
  expect(heard).toBeGreaterThan(50);
});

test("what is wrong is told in words: more is filled, it has another id, or nothing is kept of it any more", () => {
  const forgotten = new ForgottenOrders("run", NUMBERS);
  const order = orderOf(0, 5, { state: "cancelled", filledLots: 3, bookedLots: 3 });
  forgotten.add(order);
  expect(forgotten.judge(reportOf(order, { filledLots: 4 }))).toEqual({
    fault:
      "order pl-run-0-5 ended as cancelled with 3 lots filled, and is now reported cancelled with 4; nothing of that is booked",
    isDuplicate: false,
  });
  expect(forgotten.judge(reportOf(order, { venueOrderId: "8" }))).toEqual({
    fault: "order pl-run-0-5 ended as cancelled with 3 lots filled, and is known to the venue by another id too, 8",
    isDuplicate: true,
  });
  const fill = { tradeId: "1", priceTicks: 1, sizeLots: 4, fee: 0n, feeAsset: "USDT", isMaker: true, atUs: 0 };
  const { clientOrderId: id } = order;
  const told = reportOf(order, { fills: [{ ...fill, instrument, clientOrderId: id, venueOrderId: "7", side: "buy" }] });
  expect(forgotten.hasHeard(told)).toBe(false);
  expect(forgotten.judge(told)?.fault).toContain("is now reported cancelled with 4;");
  expect(forgotten.judge(reportOf(orderOf(1, 5)))?.fault).toBe(
    "the venue reports order pl-run-1-5 on test:AAA/USDT filled, of which nothing is kept any more: whether that is news nobody can tell",
  );
});

test("a younger order takes an older one's place, so that memory ends somewhere; neither is ever taken for the other", () => {
  const forgotten = new ForgottenOrders("run", [200_000]);
  for (let number = 1; number <= 200_000; number++) forgotten.add(orderOf(0, number, { venueOrderId: String(number) }));
  const heard = (number: number) => forgotten.hasHeard(reportOf(orderOf(0, number, { venueOrderId: String(number) })));
  expect([200_000, 200_000 - 65_535].map(heard)).toEqual([true, true]);
  expect([200_000 - 65_536, 1].map(heard)).toEqual([false, false]);
});
