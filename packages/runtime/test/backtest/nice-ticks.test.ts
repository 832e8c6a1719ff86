import fc from "fast-check";
import { expect, test } from "vitest";
import { niceTicks } from "../../src/backtest/nice-ticks.ts";

test.each([
  [161_823.91, 161_824.33, [161_824, 161_824.1, 161_824.2, 161_824.3], 1],
  [48_503.1, 48_831.7, [48_550, 48_600, 48_650, 48_700, 48_750, 48_800], 0],
  [-3, 0, [-3, -2.5, -2, -1.5, -1, -0.5, 0], 1],
  [5, 5, [5], 0],
])("from %d to %d", (low, high, values, digits) => {
  expect(niceTicks(low, high, 8)).toEqual({ values, digits });
});

test("are within the scale, few, and told apart by their digits", () => {
  const value = fc.double({ min: -1e7, max: 1e7, noNaN: true });
  fc.assert(
    fc.property(value, fc.double({ min: 1e-4, max: 1e7, noNaN: true }), (low, size) => {
      const { values, digits } = niceTicks(low, low + size, 6);
      expect(values.length).toBeGreaterThan(0);
      expect(values.length).toBeLessThanOrEqual(7);
      expect(new Set(values.map((one) => one.toFixed(digits))).size).toBe(values.length);
      for (const one of values) {
        expect(one).toBeGreaterThanOrEqual(low - size * 1e-9);
        expect(one).toBeLessThanOrEqual(low + size);
        expect(Math.abs(Number(one.toFixed(digits)) - one)).toBeLessThan(size * 1e-6);
      }
    }),
  );
});
