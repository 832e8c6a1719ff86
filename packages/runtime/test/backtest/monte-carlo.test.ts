import fc from "fast-check";
import { expect, test } from "vitest";
import { drawRuns, emptyDraws, monteCarlo, toMonteCarlo } from "../../src/backtest/monte-carlo.ts";

test("the same seed gives the same answer, another one another", () => {
  const profits = Array.from({ length: 40 }, (_, i) => ((i * 37) % 11) - 5);
  expect(monteCarlo(profits, 200, 7)).toEqual(monteCarlo(profits, 200, 7));
  expect(monteCarlo(profits, 200, 8)).not.toEqual(monteCarlo(profits, 200, 7));
});

test("equal trades have no luck in them", () => {
  const found = monteCarlo([5, 5, 5, 5], 100, 1);
  expect(found?.drawnProfit).toMatchObject({ p1: 20, p50: 20, p99: 20 });
  expect(found?.shuffledDrawdown).toMatchObject({ p1: 0, p99: 0 });
  expect(found).toMatchObject({ maxDrawdown: 0, lossShare: 0 });
});

test("with two trades the orders are those there are, about as often", () => {
  const found = monteCarlo([10, -10], 4_000, 3);
  // Up then down, or down then up: 10 either way. Drawn anew: -20, 0 or 20 with a quarter, a half, a quarter.
  expect(found?.shuffledDrawdown).toMatchObject({ p1: 10, p99: 10 });
  expect(found?.drawnProfit).toMatchObject({ p1: -20, p50: 0, p99: 20 });
  expect(found?.lossShare).toBeGreaterThan(0.22);
  expect(found?.lossShare).toBeLessThan(0.28);
});

test("drawdowns lie between what the worst order and no order could make", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 30 }),
      fc.nat(1_000),
      (profits, seed) => {
        const found = monteCarlo(profits, 20, seed);
        const losses = -profits.filter((one) => one < 0).reduce((sum, one) => sum + one, 0);
        const sum = profits.reduce((total, one) => total + one, 0);
        for (const fall of Object.values(found!.shuffledDrawdown)) {
          expect(fall).toBeLessThanOrEqual(losses);
          expect(fall).toBeGreaterThanOrEqual(Math.max(0, -sum));
        }
        const order = Object.values(found!.drawnProfit);
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      },
    ),
  );
});

test("one trade tells nothing, and a bad number of runs is refused", () => {
  expect(monteCarlo([1], 100, 1)).toBeUndefined();
  expect(() => monteCarlo([1, 2], 9, 1)).toThrow(/runs/);
});

test("draws are the same however they are shared out", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 30 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 49 }), { maxLength: 5 }),
      fc.nat(1_000),
      (profits, cuts, seed) => {
        const draws = emptyDraws(50);
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), 50];
        const parts = bounds.slice(1).map((until, i) => [bounds[i]!, until] as const);
        for (const [from, until] of parts.toReversed()) drawRuns(Float64Array.from(profits), seed, from, until, draws);
        expect(toMonteCarlo(profits, seed, draws)).toEqual(monteCarlo(profits, 50, seed));
      },
    ),
  );
});
