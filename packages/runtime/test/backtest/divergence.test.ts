import fc from "fast-check";
import { expect, test } from "vitest";
import { compareOrders } from "../../src/backtest/divergence.ts";
import type { ComparedFill, ComparedOrder } from "../../src/backtest/recorded-orders.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const instruments = new Map([[instrument.id, instrument]]);
const at = 1_767_225_600_000_000;

function fill(priceTicks: number, sizeLots: number, afterUs = 1_000): ComparedFill {
  return { priceTicks, sizeLots, fee: 0n, feeAsset: instrument.quote, isMaker: false, atUs: at + afterUs };
}

function order(id: string, fields: Partial<ComparedOrder> = {}): ComparedOrder {
  return {
    clientOrderId: id,
    strategy: "one",
    instrument: instrument.id,
    side: "buy",
    sizeLots: 10,
    priceTicks: 1_000,
    wantedAtUs: at,
    firstReportAtUs: Number.NaN,
    fills: [],
    ...fields,
  };
}

const compare = (session: readonly ComparedOrder[], backtest: readonly ComparedOrder[], nearestUs = 1_000) =>
  compareOrders(session, backtest, { instruments, markTicks: new Map([[instrument.id, 1_010]]), nearestUs });

test("orders of one number are the same order, whatever the run is called", () => {
  const { orders, summary } = compare(
    [order("pl-live-0-1", { fills: [fill(1_000, 10)] })],
    [order("pl-sim-0-1", { fills: [fill(1_001, 5, 3_000)], wantedAtUs: at + 7 })],
  );
  expect(summary).toMatchObject({ matchedById: 1, matchedByNearest: 0, onlySession: 0, onlyBacktest: 0, sameFill: 0 });
  expect(orders[0]).toMatchObject({
    clientOrderId: "pl-live-0-1",
    backtestOrderId: "pl-sim-0-1",
    match: "id",
    wantedLaterUs: 7,
    fillError: -0.5,
    fillLatencyUs: [1_000, 2_993],
  });
  expect(orders[0]?.priceErrorBps).toBeCloseTo(10, 9);
});

test("for a sale a lower price is the worse one", () => {
  const { orders } = compare(
    [order("pl-a-0-1", { side: "sell", fills: [fill(1_000, 10)] })],
    [order("pl-b-0-1", { side: "sell", fills: [fill(999, 10)] })],
  );
  expect(orders[0]?.priceErrorBps).toBeCloseTo(10, 9);
});

test("numbers that have shifted give way to the nearest order of the same kind, each once", () => {
  const { orders, summary } = compare(
    [order("pl-a-0-1"), order("pl-a-0-2", { wantedAtUs: at + 500 }), order("pl-a-0-3", { side: "sell" })],
    [
      order("pl-b-0-1", { side: "sell", wantedAtUs: at + 400 }),
      order("pl-b-0-2", { wantedAtUs: at + 90_000 }),
      order("pl-b-0-3", { wantedAtUs: at + 450 }),
    ],
  );
  expect(summary).toMatchObject({ matchedById: 0, matchedByNearest: 2, onlySession: 1, onlyBacktest: 1 });
  expect(orders.map(({ clientOrderId, backtestOrderId }) => [clientOrderId, backtestOrderId])).toEqual([
    ["pl-a-0-1", "pl-b-0-3"],
    ["pl-a-0-2", null],
    ["pl-a-0-3", "pl-b-0-1"],
    [null, "pl-b-0-2"],
  ]);
});

test("an order more in the backtest shifts the numbers, and orders of one moment are still paired", () => {
  const moments = [0, 100, 200, 300, 400];
  const { orders, summary } = compare(
    moments.map((later, i) => order(`pl-a-0-${i + 1}`, { wantedAtUs: at + later })),
    [0, 50, 100, 200, 300, 400].map((later, i) => order(`pl-b-0-${i + 1}`, { wantedAtUs: at + later })),
  );
  expect(orders.map(({ wantedLaterUs }) => wantedLaterUs)).toEqual([0, 0, 0, 0, 0, null]);
  expect(summary).toMatchObject({ matchedById: 1, matchedByNearest: 4, onlySession: 0, onlyBacktest: 1 });
});

test("profits are those of the fills against the last price, after fees", () => {
  const { summary } = compare([order("pl-a-0-1", { fills: [{ ...fill(1_000, 10), fee: 5n }] })], [order("pl-b-0-1")]);
  const gain = 10n * 10n * 10n ** BigInt(8 - instrument.priceDecimals - instrument.sizeDecimals);
  const [live, simulated] = summary.profit[instrument.quote] ?? [];
  expect(Number(live)).toBeCloseTo(Number(gain - 5n) / 1e8, 12);
  expect(simulated).toBe("0");
  expect(summary).toMatchObject({ filledOnlyInSession: 1, filledOnlyInBacktest: 0, priceErrorBps: null });
});

test("every order of both sides is told once, however they are matched", () => {
  const some = (key: string) =>
    fc
      .array(fc.record({ side: fc.constantFrom("buy", "sell"), later: fc.integer({ min: 0, max: 5_000 }) }), {
        maxLength: 30,
      })
      .map((orders) =>
        orders.map(({ side, later }, i) =>
          order(`pl-${key}-0-${(i + 1).toString(36)}`, { side, wantedAtUs: at + later }),
        ),
      );
  fc.assert(
    fc.property(some("a"), some("b"), (session, backtest) => {
      const { orders, summary } = compare(session, backtest);
      const told = (ids: readonly (string | null)[]) => ids.filter((id) => id !== null).sort();
      expect(told(orders.map(({ clientOrderId }) => clientOrderId))).toEqual(
        session.map((one) => one.clientOrderId).sort(),
      );
      expect(told(orders.map(({ backtestOrderId }) => backtestOrderId))).toEqual(
        backtest.map((one) => one.clientOrderId).sort(),
      );
      const { matchedById, matchedByNearest, onlySession, onlyBacktest } = summary;
      expect(matchedById + matchedByNearest + onlySession).toBe(session.length);
      expect(matchedById + matchedByNearest + onlyBacktest).toBe(backtest.length);
      for (const { wantedLaterUs } of orders) expect(Math.abs(wantedLaterUs ?? 0)).toBeLessThanOrEqual(1_000);
    }),
  );
});
