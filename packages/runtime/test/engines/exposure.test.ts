import { notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OpenExposure } from "../../src/engines/exposure.ts";
import { feePartsOf, spentAsset, spentUnits } from "../../src/engines/reservations.ts";
import { reviewBalance } from "../../src/engines/risk-rules.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const one = testInstrument();
const other = testInstrument({ id: "test:BBB/USDT", symbol: "BBB/USDT", base: "BBB" });
const FEE_BPS = 7.5;

/** What happens to one of several orders. */
const step = fc.record({
  order: fc.nat(7),
  what: fc.constantFrom("submit" as const, "report" as const, "book" as const, "cancel" as const),
  lots: fc.integer({ min: 1, max: 60 }),
});
const intent: fc.Arbitrary<Intent> = fc.record({
  instrument: fc.constantFrom(one, other),
  side: fc.constantFrom("buy" as const, "sell" as const),
  type: fc.constantFrom("limit" as const, "postOnly" as const),
  timeInForce: fc.constantFrom("GTC" as const, "IOC" as const),
  priceTicks: fc.integer({ min: 900, max: 1100 }),
  sizeLots: fc.integer({ min: 1, max: 100 }),
});

function apply(order: Order, what: "submit" | "report" | "book" | "cancel", lots: number): void {
  if (what === "submit" && order.state === "intended") order.state = "submitted";
  if (order.state === "intended") return;
  if (what === "report" && order.isOpen) {
    order.filledLots = Math.min(order.intent.sizeLots, order.filledLots + lots);
    order.state = order.filledLots === order.intent.sizeLots ? "filled" : "partiallyFilled";
  }
  if (what === "book") order.bookedLots = Math.min(order.filledLots, order.bookedLots + lots);
  if (what === "cancel" && order.isOpen) order.state = "cancelled";
}

const sum = (amounts: readonly bigint[]) => amounts.reduce((all, units) => all + units, 0n);

test("sums, counts, own prices and reservations are those of a plain recount, whatever happens to orders", () => {
  fc.assert(
    fc.property(
      fc.array(intent, { minLength: 8, maxLength: 8 }),
      fc.array(step, { maxLength: 80 }),
      (intents, steps) => {
        const orders = intents.map((terms, i) => new Order(`o${i}`, "s", 0, terms));
        const exposure = new OpenExposure({ feeBps: FEE_BPS });
        for (const { order: number, what, lots } of steps) {
          const moved = orders[number]!;
          apply(moved, what, lots);
          if (moved.state !== "intended") exposure.update(moved);
          for (const instrument of [one, other]) {
            const open = orders.filter((order) => order.intent.instrument === instrument && order.state !== "intended");
            const lotsOf = (side: string) =>
              open.reduce((all, order) => all + (order.intent.side === side ? order.openLots : 0), 0);
            expect(exposure.of(instrument)).toMatchObject({
              openBuyLots: lotsOf("buy"),
              openSellLots: lotsOf("sell"),
              orders: open.filter(({ isOpen }) => isOpen).length,
            });
            const resting = (side: string) =>
              open
                .filter((order) => order.isOpen && order.intent.side === side)
                .filter(({ intent: { type, timeInForce } }) => type === "postOnly" || timeInForce === "GTC")
                .map((order) => order.intent.priceTicks!);
            const [buys, sells] = [resting("buy"), resting("sell")];
            expect(exposure.bestOwnTicks(instrument, "buy")).toBe(buys.length === 0 ? undefined : Math.max(...buys));
            expect(exposure.bestOwnTicks(instrument, "sell")).toBe(sells.length === 0 ? undefined : Math.min(...sells));
          }
          for (const asset of ["USDT", "AAA", "BBB"]) {
            const units = orders
              .filter((order) => order.state !== "intended" && spentAsset(order.intent) === asset)
              .map((order) => {
                const { instrument, side, priceTicks = 0 } = order.intent;
                const lotsLeft = order.openLots + order.filledLots - order.bookedLots;
                return spentUnits(instrument, side, priceTicks, lotsLeft, feePartsOf(FEE_BPS));
              });
            expect(exposure.reservations.of("test", asset)).toBe(sum(units));
          }
        }
        expect(exposure.orders).toBe(orders.filter(({ state, isOpen }) => state !== "intended" && isOpen).length);
      },
    ),
  );
});

test("what approved orders may spend never exceeds what is there, whichever of them fill, fees included", () => {
  const want = fc.record({ intent, fillLots: fc.integer({ min: 0, max: 100 }) });
  fc.assert(
    fc.property(fc.array(want, { maxLength: 60 }), fc.bigInt({ min: 0n, max: 3000_00000000n }), (wants, startUnits) => {
      const exposure = new OpenExposure({ feeBps: FEE_BPS });
      const balances = new Map([
        ["USDT", startUnits],
        ["AAA", startUnits / 2000n],
        ["BBB", 0n],
      ]);
      for (const [i, { intent: terms, fillLots }] of wants.entries()) {
        const asset = spentAsset(terms);
        const freeUnits = balances.get(asset)! - exposure.reservations.of("test", asset);
        if (!reviewBalance(terms, terms.priceTicks, freeUnits, feePartsOf(FEE_BPS)).allowed) continue;
        const order = new Order(`o${i}`, "s", 0, terms);
        order.state = "submitted";
        exposure.update(order);
        fill(order, Math.min(fillLots, terms.sizeLots), balances);
        exposure.update(order);
        for (const [held, units] of balances) expect(exposure.reservations.of("test", held)).toBeLessThanOrEqual(units);
      }
    }),
  );
});

/** Books a fill at the order's price: a buy pays its fee in the quote, a sell out of what it brings. */
function fill(order: Order, lots: number, balances: Map<string, bigint>): void {
  if (lots === 0) return;
  const { instrument, side, priceTicks = 0, sizeLots } = order.intent;
  order.filledLots = lots;
  order.bookedLots = lots;
  order.state = lots === sizeLots ? "filled" : "partiallyFilled";
  const notional = notionalUnits(instrument, priceTicks, lots);
  const fee = (notional * feePartsOf(FEE_BPS)) / 1_000_000n;
  const base = BigInt(lots) * 100_000n;
  const move = (asset: string, units: bigint) => balances.set(asset, balances.get(asset)! + units);
  move(instrument.base, side === "buy" ? base : -base);
  move(instrument.quote, (side === "buy" ? -notional : notional) - fee);
}

test("a market buy is put aside at the price it is taken to pay, a sell at its size", () => {
  const exposure = new OpenExposure({ mostPaidTicks: ({ priceTicks }) => priceTicks ?? 1000 });
  const market = (side: "buy" | "sell") => {
    const order = new Order(side, "s", 0, { instrument: one, side, type: "market", sizeLots: 500 });
    order.state = "submitted";
    return order;
  };
  exposure.update(market("buy"));
  exposure.update(market("sell"));
  expect(exposure.reservations.of("test", "USDT")).toBe(5_00000000n); // 0.5 at 10.00
  expect(exposure.reservations.of("test", "AAA")).toBe(50_000_000n); // 0.5
  expect(exposure.bestOwnTicks(one, "buy")).toBeUndefined();
  exposure.clear();
  expect(exposure.reservations.of("test", "USDT")).toBe(0n);
  expect(exposure.orders).toBe(0);
});
