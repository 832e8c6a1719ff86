import fc from "fast-check";
import { expect, test } from "vitest";
import { TickLots, tickLotsToUnits, unitsToTickLots } from "../../src/engines/tick-lots.ts";
import { testInstrument } from "../../src/testing.ts";

const whole = fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
const pair = fc.tuple(whole, whole);

const sumOf = (pairs: readonly (readonly [number, number])[]) =>
  pairs.reduce((sum, [ticks, lots]) => sum + BigInt(ticks) * BigInt(lots), 0n);

test("the sum is that of exact products, however large, and comes back as they are taken back", () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 40 }), fc.nat(40), (pairs, taken) => {
      const sum = new TickLots();
      for (const [ticks, lots] of pairs) sum.add(ticks, lots);
      expect(sum.value).toBe(sumOf(pairs));
      for (const [ticks, lots] of pairs.slice(0, taken)) sum.subtract(ticks, lots);
      const left = sumOf(pairs.slice(taken));
      expect(sum.value).toBe(left);
      sum.clear();
      expect(sum.value).toBe(0n);
    }),
  );
});

test("a threshold is reached by the exact sum, not by a rounded one", () => {
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 20 }), fc.integer({ min: -2, max: 2 }), (pairs, off) => {
      const sum = new TickLots();
      for (const [ticks, lots] of pairs) sum.add(ticks, lots);
      const threshold = sumOf(pairs) + BigInt(off);
      expect(sum.hasReached(threshold, Number(threshold))).toBe(off <= 0);
    }),
  );
});

test("an amount in units is reached by the first ticks x lots that are worth it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.bigInt({ min: 1n, max: 10n ** 20n }),
      (priceDecimals, sizeDecimals, units) => {
        const instrument = testInstrument({ priceDecimals, sizeDecimals });
        const least = unitsToTickLots(instrument, units);
        expect(tickLotsToUnits(instrument, least)).toBeGreaterThanOrEqual(units);
        expect(tickLotsToUnits(instrument, least - 1n)).toBeLessThan(units);
      },
    ),
  );
});
