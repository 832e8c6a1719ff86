import { notionalUnits, parseUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { freeLots, lotsWorth } from "../../src/engines/sizing.ts";
import { testInstrument } from "../../src/testing.ts";

test("is the smallest size in steps that is worth the notional, on any scale", () => {
  const scales = fc.record({
    priceDecimals: fc.integer({ min: 0, max: 8 }),
    sizeDecimals: fc.integer({ min: 0, max: 8 }),
    lotIncrement: fc.constantFrom(1, 5, 10),
  });
  fc.assert(
    fc.property(
      scales,
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      (scale, priceTicks, notional) => {
        const instrument = testInstrument({ ...scale, minLots: scale.lotIncrement, minNotional: 0n });
        const lots = lotsWorth(instrument, priceTicks, notional);
        fc.pre(lots < instrument.maxLots - scale.lotIncrement);
        expect(lots % scale.lotIncrement).toBe(0);
        expect(notionalUnits(instrument, priceTicks, lots)).toBeGreaterThanOrEqual(notional);
        if (lots > scale.lotIncrement)
          expect(notionalUnits(instrument, priceTicks, lots - scale.lotIncrement)).toBeLessThan(notional);
      },
    ),
  );
});

test("stays within the venue's bounds", () => {
  const instrument = testInstrument({ minLots: 30, maxLots: 95, lotIncrement: 10 });
  expect(lotsWorth(instrument, 1000, 1n)).toBe(30);
  expect(lotsWorth(instrument, 1000, 10n ** 15n)).toBe(90);
});

test.each([
  ["100.5", 1, 0, 10_050],
  ["100.5", 100, 0, 10_000],
  ["100.5", 100, 30, 10_000],
  ["100.5", 100, 60, 9_900],
  ["0.005", 1, 0, 0],
  ["1", 1, 200, 0],
])(
  "of %s units in steps of %i lots, with %i lots for sale, %i lots can be sold",
  (amount, lotIncrement, openSellLots, lots) => {
    const instrument = testInstrument({ sizeDecimals: 2, lotIncrement });
    expect(freeLots(instrument, parseUnits(amount), openSellLots)).toBe(lots);
  },
);
