import fc from "fast-check";
import { InvalidInputError } from "pitlane";
import { expect, test } from "vitest";
import { cumulativeLots } from "../src/index.ts";

test("slices are in proportion to their weights, and the last one takes the remainder", () => {
  expect(cumulativeLots(10, [1, 1, 1], 1)).toEqual([3, 6, 10]);
  expect(cumulativeLots(100, [1, 0, 3], 5)).toEqual([25, 25, 100]);
  expect(cumulativeLots(5, [1, 1, 1, 1, 1, 1, 1], 1)).toEqual([0, 1, 2, 2, 3, 4, 5]);
});

test("refuses weights that are none", () => {
  for (const weights of [[], [0, 0], [1, -1], [0.5], [Number.NaN]])
    expect(() => cumulativeLots(10, weights, 1)).toThrow(InvalidInputError);
});

test("never goes back, keeps to the step, and ends with the whole size", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.constantFrom(1, 7, 1000),
      fc
        .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 50 })
        .filter((all) => all.some((one) => one > 0)),
      (steps, lotIncrement, weights) => {
        const sizeLots = steps * lotIncrement;
        const ends = cumulativeLots(sizeLots, weights, lotIncrement);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        let until = 0;
        for (const [i, end] of ends.entries()) {
          until += weights[i] as number;
          expect(end % lotIncrement).toBe(0);
          expect(end).toBeGreaterThanOrEqual(ends[i - 1] ?? 0);
          expect(Math.abs(end / sizeLots - until / total)).toBeLessThanOrEqual(lotIncrement / sizeLots + 1e-9);
        }
        expect(ends.at(-1)).toBe(sizeLots);
      },
    ),
  );
});
