import { seededRandom } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryWatch } from "../../src/soak/memory-watch.ts";
import { blockMinima, judge, quantile95, trendOf } from "../../src/soak/trend.ts";

const line = (n: number, slope: number, noise: (i: number) => number = () => 0) =>
  Array.from({ length: n }, (_, i) => 100 + slope * i + noise(i));

/** Normal noise, of which each value takes over the share `r` of the one before. */
function noiseOf(seed: number, r: number): () => number {
  const random = seededRandom(seed);
  let last = 0;
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    last = r * last + Math.sqrt(1 - r * r) * normal;
    return last;
  };
}

test("a straight line has its own slope and no doubt about it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 6, max: 300 }), fc.integer({ min: -1000, max: 1000 }), (n, slope) => {
      const trend = trendOf(line(n, slope));
      expect(trend.slope).toBeCloseTo(slope, 6);
      expect(trend.high - trend.low).toBeLessThan(1e-6);
    }),
  );
});

test("shifting and stretching the values shifts nothing and stretches slope and interval", () => {
  const values = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 8, maxLength: 80 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 50 }), fc.integer({ min: -1000, max: 1000 }), (some, by, shift) => {
      const one = trendOf(some);
      const other = trendOf(some.map((value) => by * value + shift));
      const tolerance = 1e-6 * (1 + Math.abs(by * one.slope));
      expect(Math.abs(other.slope - by * one.slope)).toBeLessThan(tolerance);
      if (Number.isFinite(one.low))
        expect(Math.abs(other.low - by * one.low)).toBeLessThan(1e-6 * (1 + Math.abs(by * one.low)));
    }),
  );
});

test("the interval holds the true slope about as often as it says, also of values that resemble their neighbours", () => {
  for (const [r, least] of [
    [0, 0.93],
    [0.5, 0.88],
  ] as const) {
    let held = 0;
    const rounds = 1_000;
    for (let seed = 1; seed <= rounds; seed++) {
      const { low, high } = trendOf(line(100, 0.01, noiseOf(seed, r)));
      if (low <= 0.01 && 0.01 <= high) held++;
    }
    // Taken for independent, values with r = 0.5 would be right in some 75 % of the rounds.
    expect(held / rounds).toBeGreaterThan(least);
  }
});

test("few values, or values that hardly differ from their neighbours, say nothing", () => {
  expect(() => trendOf([1, 2])).toThrow("three values or more");
  expect(trendOf([1, 2, 3])).toMatchObject({ slope: 1, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY });
  const wave = Array.from({ length: 40 }, (_, i) => Math.sin(i / 10));
  expect(trendOf(wave).effective).toBeLessThan(5);
  expect(judge(trendOf(wave), 0)).toBe("inconclusive");
});

test("a slope is growing when all of the interval is above the limit, flat when none is, else inconclusive", () => {
  const range = 100;
  const count = 11;
  expect(judge({ low: 2, high: 3, range, count }, 1)).toBe("growing");
  expect(judge({ low: -2, high: 1, range, count }, 1)).toBe("flat");
  expect(judge({ low: 0, high: 3, range, count }, 1)).toBe("inconclusive");
  expect(judge({ low: 1, high: 3, range, count }, 1)).toBe("inconclusive");
});

test("what moved by less in all than the limit allows is flat, though it moved along a curve", () => {
  const filling = trendOf(Array.from({ length: 30 }, (_, i) => 100 - 20 * Math.exp(-i / 8)));
  expect(filling.effective).toBeLessThan(5);
  expect(filling.high).toBe(Number.POSITIVE_INFINITY);
  expect(judge(filling, 1)).toBe("flat");
  expect(judge(filling, 0.5)).toBe("inconclusive");
});

test("growth above the limit is never flat, whatever its curve", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 3, maxLength: 50 }), (steps) => {
      const values = steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, step) => sum + step, 0));
      const grown = (values.at(-1)! - values[0]!) / (values.length - 1);
      const trend = trendOf(values);
      if (judge({ ...trend, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }, 3) === "flat")
        expect(grown).toBeLessThanOrEqual(3 + 1e-9);
    }),
  );
});

test("Student's t is that of the tables within 1 %", () => {
  // NIST/SEMATECH e-Handbook, 1.3.6.7.2.
  for (const [degrees, t] of [
    [3, 3.182],
    [4, 2.776],
    [10, 2.228],
    [46, 2.013],
    [1000, 1.962],
  ] as const)
    expect(Math.abs(quantile95(degrees) / t - 1)).toBeLessThan(0.01);
});

test("of each full block the least value counts, and a rest of a block does not", () => {
  expect(blockMinima([3, 1, 2, 9, 8, 7, 0], 3)).toEqual([1, 7]);
  expect(blockMinima([1, 2], 3)).toEqual([]);
});

test("a leak is found under garbage that comes and goes, and memory that stays is flat", () => {
  const watched = (leakBytes: number) => {
    const watch = new MemoryWatch({ blockReadings: 10, secondsPerReading: 1 });
    const noise = noiseOf(7, 0.3);
    for (let second = 0; second < 480; second++) {
      const heapUsed = 40e6 + leakBytes * second + (second % 7) * 3e6 + 2e4 * noise();
      watch.add({ heapUsed, external: 5e6, rss: 2 * heapUsed });
    }
    return watch.findings(8 * 2 ** 20);
  };
  const leak = watched(10_000); // 34 MiB an hour
  expect(leak.verdict).toBe("growing");
  expect(leak.series.heapUsed.slope / 3_600).toBeCloseTo(10_000, -3);
  const flat = watched(0);
  expect(flat).toMatchObject({ verdict: "flat", series: { rss: { verdict: undefined, blocks: 48 } } });
  expect(watched((8 * 2 ** 20) / 3_600).verdict).toBe("inconclusive");
});
