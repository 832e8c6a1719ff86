import { notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NotionalLimit } from "../../src/engines/notional.ts";
import { testInstrument } from "../../src/testing.ts";

test("a limit on price x size decides as exact units do, close to it as well", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.bigInt({ min: -2n, max: 2n }),
      (priceDecimals, sizeDecimals, priceTicks, sizeLots, offset) => {
        const instrument = testInstrument({ priceDecimals, sizeDecimals });
        const units = notionalUnits(instrument, priceTicks, sizeLots);
        fc.pre(units + offset > 0n);
        const limit = new NotionalLimit(instrument, units + offset);
        expect(limit.admits(priceTicks, sizeLots)).toBe(offset >= 0n);
        expect(limit.admits(priceTicks, sizeLots * 2)).toBe(
          notionalUnits(instrument, priceTicks, sizeLots * 2) <= units + offset,
        );
      },
    ),
  );
});

test("a limit of nothing is none", () => {
  expect(new NotionalLimit(testInstrument(), 0n).admits(2 ** 40, 2 ** 40)).toBe(true);
});
