import { isDeepStrictEqual } from "node:util";
import type { Fill, OrderReport, VenueOrderStatus } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  applyFailure,
  applyReport,
  beginAmend,
  beginCancel,
  endAmend,
  endCancel,
  isHeard,
} from "../../src/orders/machine.ts";
import { isFinal, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const SIZE_LOTS = 20;

interface History {
  /** What the venue says, in its order. */
  readonly reports: readonly OrderReport[];
  readonly end: VenueOrderStatus;
  readonly filledLots: number;
  readonly sizeLots: number;
  readonly trades: number;
}

/** One life of an order at a venue: accepted, then fills and amendments as they come, then its end. */
const history: fc.Arbitrary<History> = fc
  .record({
    steps: fc.array(fc.record({ isAmend: fc.boolean(), lots: fc.integer({ min: 1, max: 6 }) }), { maxLength: 8 }),
    end: fc.constantFrom<VenueOrderStatus>("cancelled", "expired", "filled"),
    endsWithAllFills: fc.boolean(),
  })
  .map(({ steps, end, endsWithAllFills }) => {
    const reports: OrderReport[] = [];
    const fills: Fill[] = [];
    let filledLots = 0;
    let sizeLots = SIZE_LOTS;
    const say = (status: VenueOrderStatus, own: readonly Fill[]) =>
      reports.push({
        instrument,
        clientOrderId: "pl-1",
        venueOrderId: "7",
        status,
        side: "buy",
        sizeLots,
        filledLots,
        fills: own,
        atUs: reports.length,
      });
    const trade = (lots: number) => {
      filledLots += lots;
      const tradeId = String(fills.length + 1);
      const about = {
        instrument,
        clientOrderId: "pl-1",
        venueOrderId: "7",
        tradeId,
        side: "buy",
        isMaker: true,
      } as const;
      fills.push({ ...about, priceTicks: 100, sizeLots: lots, fee: 1n, feeAsset: "AAA", atUs: reports.length });
    };
    say("accepted", []);
    for (const { isAmend, lots } of steps) {
      if (isAmend && sizeLots - lots > filledLots) {
        sizeLots -= lots;
        say(filledLots > 0 ? "partiallyFilled" : "accepted", []);
      } else if (!isAmend && filledLots + lots < sizeLots) {
        trade(lots);
        say("partiallyFilled", fills.slice(-1));
      }
    }
    if (end === "filled") trade(sizeLots - filledLots);
    say(end, endsWithAllFills ? fills : fills.slice(-1));
    return { reports, end, filledLots, sizeLots, trades: fills.length };
  });

/** What happens here at any moment: requests begin and end, answers are lost. */
const LOCAL = {
  beginCancel: (order: Order) => beginCancel(order),
  endCancel: (order: Order) => void endCancel(order, ""),
  refuseCancel: (order: Order) => void endCancel(order, "the venue is busy"),
  beginAmend: (order: Order) => beginAmend(order, 1),
  endAmend: (order: Order) => void endAmend(order, ""),
  loseAnswer: (order: Order) => void applyFailure(order, "unknown", "reset"),
} as const;

type Deed = OrderReport | keyof typeof LOCAL;

/** Every report of a history at least once, in any order and number, with deeds of our own between them. */
const told = history.chain((one) =>
  fc
    .record({
      shuffled: fc.shuffledSubarray([...one.reports], { minLength: one.reports.length }),
      repeats: fc.array(fc.constantFrom(...one.reports), { maxLength: 8 }),
      local: fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...(Object.keys(LOCAL) as (keyof typeof LOCAL)[]))), {
        maxLength: 8,
      }),
    })
    .map(({ shuffled, repeats, local }) => {
      const deeds: Deed[] = [...shuffled, ...repeats];
      for (const [at, deed] of local) deeds.splice(at % (deeds.length + 1), 0, deed);
      return { ...one, deeds };
    }),
);

test("whatever order and number the reports of one history come in, with whatever requests under way: the same end, each fill once", () => {
  fc.assert(
    fc.property(told, ({ deeds, end, filledLots, sizeLots, trades }) => {
      const order = new Order("pl-1", "s", 0, {
        instrument,
        side: "buy",
        type: "limit",
        priceTicks: 100,
        sizeLots: SIZE_LOTS,
      });
      order.state = "submitted";
      const booked: string[] = [];
      for (const deed of deeds) {
        const before = { filledLots: order.filledLots, sizeLots: order.sizeLots, isFinal: isFinal(order.state) };
        if (typeof deed === "string") LOCAL[deed](order);
        else {
          const { fills, fault } = applyReport(order, deed);
          expect(fault).toBeUndefined();
          booked.push(...fills.map(({ tradeId }) => tradeId));
        }
        expect(order.filledLots).toBeGreaterThanOrEqual(before.filledLots);
        expect(order.sizeLots).toBeLessThanOrEqual(before.sizeLots);
        expect(order.filledLots).toBeLessThanOrEqual(order.sizeLots);
        if (before.isFinal) expect(isFinal(order.state)).toBe(true);
      }
      expect(order).toMatchObject({ state: end, filledLots, bookedLots: filledLots });
      // A size that came after the end of a filled order says nothing more.
      if (end !== "filled") expect(order.sizeLots).toBe(sizeLots);
      expect(booked).toHaveLength(trades);
      expect(new Set(booked).size).toBe(trades);
    }),
    { numRuns: 2000 },
  );
});

test("an order with a request under way says so, and is what it was when the request is refused, with the fills that came meanwhile", () => {
  const order = new Order("pl-1", "s", 0, { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 20 });
  order.state = "submitted";
  const report = (status: VenueOrderStatus, filledLots: number, sizeLots = 20): OrderReport => ({
    instrument,
    clientOrderId: "pl-1",
    venueOrderId: "7",
    status,
    side: "buy",
    sizeLots,
    filledLots,
    fills: [],
    atUs: 1,
  });
  beginCancel(order);
  expect(order.state).toBe("submitted"); // the venue has not said that it has it
  endCancel(order, "");
  applyReport(order, report("accepted", 0));
  beginCancel(order);
  expect(order.state).toBe("pendingCancel");
  expect(applyReport(order, report("partiallyFilled", 5))).toMatchObject({ changed: true });
  expect(order.state).toBe("pendingCancel");
  expect(endCancel(order, "too many requests")).toBe(true);
  expect(order).toMatchObject({ state: "partiallyFilled", filledLots: 5, reason: "too many requests" });
  beginAmend(order, 10);
  expect(order.state).toBe("pendingAmend");
  applyReport(order, report("partiallyFilled", 5, 10));
  expect(endAmend(order, "")).toBe(true);
  expect(order).toMatchObject({ state: "partiallyFilled", sizeLots: 10, openLots: 5 });
});

test("an order that never worked and is reported to work is a fault, and stays what it is", () => {
  const order = new Order("pl-1", "s", 0, { instrument, side: "buy", type: "limit", priceTicks: 100, sizeLots: 20 });
  order.state = "submitted";
  applyFailure(order, "refused", "no funds");
  const about = { instrument, clientOrderId: "pl-1", venueOrderId: "7", side: "buy", fills: [], atUs: 1 } as const;
  const { fault, changed } = applyReport(order, { ...about, status: "accepted", sizeLots: 20, filledLots: 0 });
  expect(fault).toContain("is rejected and now reported accepted");
  expect({ changed, state: order.state }).toEqual({ changed: false, state: "rejected" });
});

/** All that an order can be seen to be. */
const stateOf = (order: Order) => ({ ...order, tradeIds: order.tradeIds });

test("a report is called heard when it would change nothing and is no fault, and only then", () => {
  let heard = 0;
  const liar = fc.record({ filledLots: fc.nat(25), sizeLots: fc.nat(25), venueOrderId: fc.constantFrom("", "7", "8") });
  fc.assert(
    fc.property(told, fc.array(fc.tuple(fc.nat(40), liar), { maxLength: 3 }), ({ deeds, reports }, lies) => {
      const order = new Order("pl-1", "s", 0, { instrument, side: "buy", type: "market", sizeLots: SIZE_LOTS });
      order.state = "submitted";
      const all = [...deeds];
      for (const [at, lie] of lies) all.splice(at % (all.length + 1), 0, { ...reports[at % reports.length]!, ...lie });
      for (const deed of all) {
        if (typeof deed === "string") {
          LOCAL[deed](order);
          continue;
        }
        const before = stateOf(order);
        const isOld = isHeard(order, deed);
        const { fault } = applyReport(order, deed);
        if (isOld) heard++;
        expect(isOld).toBe(fault === undefined && isDeepStrictEqual(stateOf(order), before));
      }
    }),
  );
  expect(heard).toBeGreaterThan(0);
});
