import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  affordableLots,
  broughtUnits,
  heldLots,
  isOrderSize,
  spentUnits,
  toPpm,
} from "../../src/engines/trade-costs.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument(); // a tick is 0.01, a lot 0.001: one of each is worth 1,000 units

test("a purchase costs its value and the fee, rounded up, and a sale brings its value less the fee, rounded down", () => {
  expect(spentUnits(instrument, 10_000, 1, 1000n)).toBe(10_010_000n);
  expect(broughtUnits(instrument, 10_000, 1, 1000n)).toBe(9_990_000n);
  const fine = testInstrument({ priceDecimals: 6, sizeDecimals: 6 }); // 10^-12: a ten-thousandth of a unit
  expect(spentUnits(fine, 1, 1, 0n)).toBe(1n);
  expect(broughtUnits(fine, 1, 1, 0n)).toBe(0n);
});

test("a fee has two decimals at most", () => {
  expect(toPpm("the fee", 7.25)).toBe(725n);
  expect(toPpm("the fee", 0.1)).toBe(10n);
  for (const bps of [7.255, -1, 1001, Number.NaN]) expect(() => toPpm("the fee", bps)).toThrow(InvalidInputError);
});

test("what can be afforded is the most that costs no more, for every scale and step", () => {
  fc.assert(
    fc.property(
      fc.record({
        priceDecimals: fc.integer({ min: 0, max: 12 }),
        sizeDecimals: fc.integer({ min: 0, max: 12 }),
        lotIncrement: fc.constantFrom(1, 5, 100),
      }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
      fc.bigInt({ min: 0n, max: 100_000n }),
      (scales, priceTicks, units, costPpm) => {
        const one = testInstrument(scales);
        const lots = affordableLots(one, priceTicks, units, costPpm);
        if (!Number.isSafeInteger(lots) || lots > 2 ** 52) return; // more than any venue takes
        expect(lots % one.lotIncrement).toBe(0);
        expect(spentUnits(one, priceTicks, lots, costPpm)).toBeLessThanOrEqual(units);
        expect(spentUnits(one, priceTicks, lots + one.lotIncrement, costPpm)).toBeGreaterThan(units);
      },
    ),
  );
});

test("an amount of the base asset is the lots that it holds, whatever the step", () => {
  expect(heldLots(instrument, 199_999n)).toBe(1);
  expect(heldLots(testInstrument({ lotIncrement: 10 }), 2_900_000n)).toBe(20);
  expect(heldLots(testInstrument({ sizeDecimals: 10 }), 7n)).toBe(700);
});

test("an order is within the venue's bounds and worth its least", () => {
  expect(isOrderSize(instrument, 10_000, 50)).toBe(true); // worth 5.00
  expect(isOrderSize(instrument, 10_000, 49)).toBe(false);
  expect(isOrderSize(testInstrument({ maxLots: 40 }), 100_000, 50)).toBe(false);
  expect(isOrderSize(testInstrument({ lotIncrement: 20 }), 100_000, 50)).toBe(false);
  expect(isOrderSize(testInstrument({ minNotional: 0n }), 1, 0)).toBe(false);
});
