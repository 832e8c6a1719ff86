import fc from "fast-check";
import { expect, test } from "vitest";
import { SimTrigger } from "../../src/backtest/sim-trigger.ts";
import { countedTicks, mostPaidTicks } from "../../src/orders/counted-price.ts";
import type { Intent } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const of = (terms: Partial<Intent>): Intent => ({ instrument, side: "buy", type: "stop", sizeLots: 1, ...terms });

test("a limit is worth its price, a stop its trigger, one with both the higher, and a market order what the market says", () => {
  expect(countedTicks(of({ type: "limit", priceTicks: 1000 }), 5)).toBe(1000);
  expect(countedTicks(of({ triggerTicks: 1100 }), 5)).toBe(1100);
  expect(countedTicks(of({ side: "sell", type: "stopLimit", triggerTicks: 900, priceTicks: 100 }), 5)).toBe(900);
  expect(countedTicks(of({ type: "market" }), 5)).toBe(5);
  expect(countedTicks(of({ type: "market" }), undefined)).toBeUndefined();
});

test("a purchase that trails is worth so much more, a sale is not, and without a trigger both go by the market", () => {
  expect(countedTicks(of({ triggerTicks: 1000, trailingBps: 200 }), 5)).toBe(1020);
  expect(countedTicks(of({ trailingBps: 200 }), 1000)).toBe(1020);
  expect(countedTicks(of({ side: "sell", trailingBps: 200 }), 1000)).toBe(1000);
  expect(countedTicks(of({ trailingBps: 200 }), undefined)).toBeUndefined();
});

test("what is put aside for a purchase has the margin in it, but where it has a limit", () => {
  expect(mostPaidTicks(of({ type: "stopLimit", triggerTicks: 1000, priceTicks: 1010 }), 5, 100)).toBe(1010);
  expect(mostPaidTicks(of({ triggerTicks: 1000 }), undefined, 100)).toBe(1010);
  expect(mostPaidTicks(of({ type: "market" }), 1000, 100)).toBe(1010);
  expect(mostPaidTicks(of({ trailingBps: 1000 }), 1000, 100)).toBe(1111);
  expect(mostPaidTicks(of({ trailingBps: 1000 }), undefined, 100)).toBeUndefined();
});

test("a stop that buys is put aside enough for, whatever ways of one tick a step activate it", () => {
  const steps = fc.array(fc.constantFrom(-1, 1), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(
      fc.constantFrom("stop" as const, "takeProfit" as const),
      fc.option(fc.integer({ min: 900, max: 1100 }), { nil: undefined }),
      fc.option(fc.integer({ min: 10, max: 500 }), { nil: undefined }),
      steps,
      (type, triggerTicks, trailingBps, moves) => {
        if (triggerTicks === undefined && trailingBps === undefined) return;
        const intent = of({
          type,
          ...(triggerTicks !== undefined && { triggerTicks }),
          ...(trailingBps !== undefined && { trailingBps }),
        });
        const trigger = new SimTrigger(intent);
        if (trigger.isReachedBy(1000)) return; // the venue refuses it
        trigger.start(1000);
        let ticks = 1000;
        for (const move of moves) {
          ticks += move;
          if (!trigger.onPrice(ticks)) continue;
          expect(ticks).toBeLessThanOrEqual(mostPaidTicks(intent, 1000, 0)!);
          return;
        }
      },
    ),
    { numRuns: 1000 },
  );
});
