import type { Fill, OrderReport, VenueOrderStatus } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyFailure, applyReport } from "../../src/orders/machine.ts";
import { clientOrderId, isFinal, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

function setUp(sizeLots = 10) {
  const order = new Order("pl-1", "s", 0, { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots });
  order.state = "submitted";
  return order;
}

const fill = (tradeId: string, sizeLots: number): Fill => ({
  instrument,
  clientOrderId: "pl-1",
  venueOrderId: "7",
  tradeId,
  side: "buy",
  priceTicks: 100,
  sizeLots,
  fee: 1n,
  feeAsset: "AAA",
  isMaker: true,
  atUs: 1,
});

const report = (
  status: VenueOrderStatus,
  filledLots = 0,
  fills: readonly Fill[] = [],
  venueOrderId = "7",
): OrderReport => ({
  instrument,
  clientOrderId: "pl-1",
  venueOrderId,
  status,
  side: "buy",
  sizeLots: 10,
  filledLots,
  fills,
  atUs: 1,
});

test("an order moves forward by reports and never back", () => {
  const order = setUp();
  expect(applyReport(order, report("partiallyFilled", 4, [fill("1", 4)])).changed).toBe(true);
  expect(applyReport(order, report("accepted"))).toEqual({ changed: false, fills: [], fault: undefined });
  expect(order.state).toBe("partiallyFilled");
  applyReport(order, report("filled", 10, [fill("2", 6)]));
  expect(order).toMatchObject({ state: "filled", filledLots: 10, bookedLots: 10, venueOrderId: "7" });
});

test("a fill told twice is booked once, and one told after the final state is still booked", () => {
  const order = setUp();
  applyReport(order, report("filled", 10, [fill("1", 4)]));
  expect(order.bookedLots).toBe(4);
  expect(
    applyReport(order, report("filled", 10, [fill("1", 4), fill("2", 6)])).fills.map((one) => one.tradeId),
  ).toEqual(["2"]);
  expect(order.bookedLots).toBe(10);
});

test("an unknown order becomes whatever the venue says it is", () => {
  for (const status of ["accepted", "filled", "cancelled", "expired", "rejected"] as const) {
    const order = setUp();
    expect(applyFailure(order, "unknown", "timed out")).toBe(true);
    expect(order).toMatchObject({ state: "unknown", isOpen: true, reason: "timed out" });
    applyReport(order, report(status, status === "filled" ? 10 : 0));
    expect(order.state).toBe(status);
  }
});

test("a failed answer does not undo what the user stream already told", () => {
  const order = setUp();
  applyReport(order, report("accepted"));
  expect(applyFailure(order, "unknown", "reset")).toBe(false);
  expect(applyFailure(order, "refused", "no")).toBe(false);
  expect(order.state).toBe("accepted");
});

test("impossible reports are faults and change nothing", () => {
  const order = setUp();
  applyReport(order, report("filled", 10, [fill("1", 10)]));
  expect(applyReport(order, report("cancelled", 10)).fault).toContain("is filled and now reported cancelled");
  expect(applyReport(order, report("filled", 11)).fault).toContain("reported filled by 11");
  expect(applyReport(order, report("filled", 10, [], "8")).fault).toContain("as 7 and as 8");
  expect(order).toMatchObject({ state: "filled", filledLots: 10, venueOrderId: "7" });
});

test("any order of the same reports ends in the same state with the same fills", () => {
  const fills = [fill("1", 2), fill("2", 3), fill("3", 5)];
  const reports = [
    report("accepted"),
    report("partiallyFilled", 2, [fills[0]!]),
    report("partiallyFilled", 5, [fills[1]!]),
    report("filled", 10, [fills[2]!]),
    report("filled", 10, fills),
  ];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(reports, { minLength: 5 }),
      fc.array(fc.nat(4), { maxLength: 10 }),
      (shuffled, repeats) => {
        const order = setUp();
        const booked: string[] = [];
        for (const one of [...shuffled, ...repeats.map((index) => reports[index]!)]) {
          const result = applyReport(order, one);
          expect(result.fault).toBeUndefined();
          booked.push(...result.fills.map((each) => each.tradeId));
        }
        expect(booked.sort()).toEqual(["1", "2", "3"]);
        expect(order).toMatchObject({ state: "filled", filledLots: 10, bookedLots: 10 });
        expect(isFinal(order.state)).toBe(true);
      },
    ),
  );
});

test("client order ids are a pure function of run, strategy and number, legal at the venue", () => {
  expect(clientOrderId("t1abcd", 2, 40)).toBe(clientOrderId("t1abcd", 2, 40));
  const ids = new Set<string>();
  for (let strategy = 0; strategy < 40; strategy++)
    for (let number = 0; number < 100; number++) ids.add(clientOrderId("zzzzzzz9999", strategy, number * 1_000_003));
  expect(ids.size).toBe(4000);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,36}$/);
});
