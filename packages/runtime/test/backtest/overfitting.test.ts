import { createRandom } from "@pitlane/perf";
import { expect, test } from "vitest";
import { deflatedSharpe, momentsOf, normalQuantile, normalShare } from "../../src/backtest/overfitting.ts";

test("the normal distribution agrees with its tables, and its quantile with itself", () => {
  expect(normalShare(0)).toBeCloseTo(0.5, 7);
  expect(normalShare(1.959964)).toBeCloseTo(0.975, 6);
  expect(normalShare(-1.2815516)).toBeCloseTo(0.1, 6);
  for (const p of [0.001, 0.2, 0.5, 0.9, 0.999]) expect(normalShare(normalQuantile(p))).toBeCloseTo(p, 8);
});

test("the paper's example: 100 trials with a variance of 1/2 a year, 5 years of days, skewness -3, kurtosis 10", () => {
  const best = { count: 1250, sharpe: 2.5 / Math.sqrt(250), skewness: -3, kurtosis: 10 };
  // Ratios of trials with that sample variance, as a day's.
  const spread = Math.sqrt(1 / 2 / 250) * Math.sqrt(99 / 100);
  const all = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? spread : -spread));
  const found = deflatedSharpe(best, all);
  expect(found?.expectedBest).toBeCloseTo(0.1132, 4);
  expect(found?.probability).toBeCloseTo(0.9004, 3);
});

test("the best of many worthless strategies is not taken for a good one, and a good one of few is", () => {
  const random = createRandom(11);
  const returns = (mean: number) => Array.from({ length: 500 }, () => mean + random.normal());
  const worthless = Array.from({ length: 200 }, () => momentsOf(returns(0))!);
  const best = worthless.toSorted((a, b) => b.sharpe - a.sharpe)[0]!;
  expect(best.sharpe).toBeGreaterThan(0.08); // looks fine
  expect(
    deflatedSharpe(
      best,
      worthless.map(({ sharpe }) => sharpe),
    )?.probability,
  ).toBeLessThan(0.9);
  const good = momentsOf(returns(0.3))!;
  expect(
    deflatedSharpe(good, [good.sharpe, ...worthless.slice(0, 5).map(({ sharpe }) => sharpe)])?.probability,
  ).toBeGreaterThan(0.95);
});

test("what does not vary, or is too short, has no moments; one trial is no choice", () => {
  expect(momentsOf([1, 1, 1, 1])).toBeUndefined();
  expect(momentsOf([1, 2])).toBeUndefined();
  const moments = momentsOf([1, -1, 2, -2, 0])!;
  expect(moments).toMatchObject({ count: 5, sharpe: 0, skewness: 0 });
  expect(deflatedSharpe(moments, [0])).toBeUndefined();
});
