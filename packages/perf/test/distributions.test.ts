import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bernoulli,
  choice,
  gamma,
  InvalidInputError,
  logNormal,
  pareto,
  poisson,
  type Random,
  shuffle,
  studentT,
  uniform,
  weightedChoice,
} from "../src/index.ts";
import { seededRandom } from "../src/testing.ts";

const DRAWS = 50_000;
const seeds = fc.integer({ min: 0, max: 0xffffffff });

const drawsOf = (draw: (random: Random) => number, seed = 5) => {
  const random = seededRandom(seed);
  return Array.from({ length: DRAWS }, () => draw(random));
};

const momentsOf = (draws: readonly number[]) => {
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  return { mean, variance: draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length };
};

/** Largest distance between the draws' distribution and `cdf`, times the root of their number (Kolmogorov and Smirnov). */
const distance = (draws: readonly number[], cdf: (x: number) => number) => {
  const sorted = [...draws].sort((a, b) => a - b);
  const gaps = sorted.map((x, i) => Math.max(cdf(x) - i / sorted.length, (i + 1) / sorted.length - cdf(x)));
  return gaps.reduce((most, gap) => Math.max(most, gap), 0) * Math.sqrt(sorted.length);
};

// Draws of the right distribution stay below it in 99 of 100 seeds; these seeds are fixed.
const LARGEST_DISTANCE = 1.63;

/** Chi-square statistic of counts against probabilities, divided by its degrees of freedom: near 1 when they agree. */
const chiSquare = (draws: readonly number[], probability: (count: number) => number) => {
  const seen = new Map<number, number>();
  for (const draw of draws) seen.set(draw, (seen.get(draw) ?? 0) + 1);
  const cells = [...Array(Math.max(...draws) + 1).keys()].filter((count) => probability(count) * draws.length >= 5);
  const squares = cells.map((count) => {
    const expected = probability(count) * draws.length;
    return ((seen.get(count) ?? 0) - expected) ** 2 / expected;
  });
  return squares.reduce((sum, square) => sum + square, 0) / (cells.length - 1);
};

// By numeric integration, so that the normal's distribution does not come from the code's own formulas.
const normalCdf = (x: number) => {
  const steps = 200;
  const width = x / steps;
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let area = 0.5;
  for (let i = 0; i < steps; i++)
    area += (width / 6) * (density(i * width) + 4 * density((i + 0.5) * width) + density((i + 1) * width));
  return area;
};

const poissonProbability = (mean: number) => (count: number) => {
  let log = -mean;
  for (let i = 1; i <= count; i++) log += Math.log(mean / i);
  return Math.exp(log);
};

describe("draws follow their distribution", () => {
  const continuous: [string, (random: Random) => number, (x: number) => number][] = [
    ["uniform", (random) => uniform(random, -3, 5), (x) => (x + 3) / 8],
    ["normal", (random) => random.normal(), normalCdf],
    ["exponential", (random) => random.exponential(25), (x) => 1 - Math.exp(-x / 25)],
    ["log-normal", (random) => logNormal(random, 40, 0.8), (x) => normalCdf(Math.log(x / 40) / 0.8)],
    ["Pareto", (random) => pareto(random, 10, 1.5), (x) => 1 - (10 / x) ** 1.5],
    ["t, 1 degree (Cauchy)", (random) => studentT(random, 1), (x) => 0.5 + Math.atan(x) / Math.PI],
    ["t, 2 degrees", (random) => studentT(random, 2), (x) => 0.5 + x / (2 * Math.sqrt(2 + x * x))],
    ["t, a billion degrees (normal)", (random) => studentT(random, 1e9), normalCdf],
    ["gamma, shape 1 (exponential)", (random) => gamma(random, 1, 4), (x) => 1 - Math.exp(-x / 4)],
    [
      "gamma, shape 3 (Erlang)",
      (random) => gamma(random, 3, 2),
      (x) => 1 - Math.exp(-x / 2) * (1 + x / 2 + x ** 2 / 8),
    ],
    ["gamma, shape 0.5 (squared normal)", (random) => gamma(random, 0.5, 2), (x) => 2 * normalCdf(Math.sqrt(x)) - 1],
  ];
  test.each(continuous)("%s", (_, draw, cdf) => {
    expect(distance(drawsOf(draw), cdf)).toBeLessThan(LARGEST_DISTANCE);
  });

  test.each([0.3, 3, 9.9, 10, 47, 800])("Poisson with mean %d", (mean) => {
    const draws = drawsOf((random) => poisson(random, mean));
    const { mean: meanDrawn, variance } = momentsOf(draws);
    expect(Math.abs(meanDrawn - mean)).toBeLessThan(4 * Math.sqrt(mean / DRAWS));
    expect(variance / mean).toBeCloseTo(1, 1);
    expect(chiSquare(draws, poissonProbability(mean))).toBeLessThan(1.6);
  });

  test("Poisson with a mean of a billion", () => {
    const { mean, variance } = momentsOf(drawsOf((random) => poisson(random, 1e9)));
    expect(Math.abs(mean - 1e9)).toBeLessThan(4 * Math.sqrt(1e9 / DRAWS));
    expect(variance / 1e9).toBeCloseTo(1, 1);
  });

  test("weighted choice", () => {
    const shares = [0.6, 0, 0.1, 0.3];
    const draws = drawsOf((random) => weightedChoice(random, [0, 1, 2, 3], [6, 0, 1, 3]));
    for (const [item, share] of shares.entries())
      expect(draws.filter((draw) => draw === item).length / DRAWS).toBeCloseTo(share, 2);
  });

  test("shuffle gives each of the six orders of three alike", () => {
    const orders = drawsOf((random) => {
      const items = [0, 1, 2];
      shuffle(random, items);
      return ["012", "021", "102", "120", "201", "210"].indexOf(items.join(""));
    });
    expect(chiSquare(orders, () => 1 / 6)).toBeLessThan(3); // 5 degrees of freedom: 1 in 100 exceeds 3.02
  });

  test("bernoulli and choice", () => {
    expect(momentsOf(drawsOf((random) => Number(bernoulli(random, 0.3)))).mean).toBeCloseTo(0.3, 2);
    expect(
      chiSquare(
        drawsOf((random) => choice(random, [0, 1, 2, 3, 4, 5, 6])),
        () => 1 / 7,
      ),
    ).toBeLessThan(2.8);
  });
});

test("draws stay in their range for any seed", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 2000 }), (seed, size) => {
      const random = seededRandom(seed);
      const between = uniform(random, -size, size + 1);
      expect(between).toBeGreaterThanOrEqual(-size);
      expect(between).toBeLessThan(size + 1);
      expect(pareto(random, 3, 0.1)).toBeGreaterThanOrEqual(3);
      expect(Number.isFinite(pareto(random, 3, 0.1))).toBe(true);
      expect(logNormal(random, 2, 3)).toBeGreaterThan(0);
      expect(gamma(random, 0.01, 1)).toBeGreaterThanOrEqual(0);
      const count = poisson(random, size);
      expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      expect(Number.isFinite(studentT(random, 0.5))).toBe(true);
    }),
  );
});

test("a shuffle keeps every item", () => {
  fc.assert(
    fc.property(seeds, fc.array(fc.integer()), (seed, items) => {
      const shuffled = [...items];
      shuffle(seededRandom(seed), shuffled);
      expect(shuffled.sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
    }),
  );
});

test("an item of weight 0 is never chosen, whatever the other weights and wherever the draw falls", () => {
  const weights = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-12, max: 1e12, noNaN: true })), {
    minLength: 1,
  });
  const edges = fc.constantFrom(0, 0.5, 1 - 2 ** -32);
  fc.assert(
    fc.property(weights, edges, (all, drawn) => {
      fc.pre(all.some((weight) => weight > 0));
      expect(weightedChoice({ next: () => drawn }, all, all)).toBeGreaterThan(0);
    }),
  );
});

test("certain outcomes are certain", () => {
  const random = seededRandom(9);
  for (let i = 0; i < 1000; i++) {
    expect(bernoulli(random, 1)).toBe(true);
    expect(bernoulli(random, 0)).toBe(false);
    expect(poisson(random, 0)).toBe(0);
    expect(logNormal(random, 7, 0)).toBe(7);
    expect(choice(random, ["only"])).toBe("only");
  }
});

test("refuses parameters that give no distribution, naming them", () => {
  const random = seededRandom();
  expect(() => uniform(random, 2, 1)).toThrow("max must be a number from 2 to");
  expect(() => bernoulli(random, 1.1)).toThrow("probability must be a number from 0 to 1, got 1.1");
  expect(() => logNormal(random, 0, 1)).toThrow(InvalidInputError);
  expect(() => pareto(random, 1, 0)).toThrow("shape must be");
  expect(() => studentT(random, 0)).toThrow("degrees must be");
  expect(() => gamma(random, -1, 1)).toThrow("shape must be");
  expect(() => poisson(random, -1)).toThrow("mean must be");
  expect(() => choice(random, [])).toThrow("items must not be empty");
  expect(() => weightedChoice(random, ["a"], [1, 2])).toThrow("weights must be as many as items (1), got 2");
  expect(() => weightedChoice(random, ["a", "b"], [0, 0])).toThrow("sum of weights must be");
  expect(() => weightedChoice(random, ["a", "b"], [3, -1])).toThrow("weight must be");
});
