import fc from "fast-check";
import { build } from "hdr-histogram-js";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { HIGHEST_LATENCY_NS, LatencyHistogram } from "../../src/metrics/index.ts";

const PERCENTILES = [0, 1, 50, 90, 99, 99.9, 99.99, 100];

// All magnitudes alike, and the edges of buckets, where an index is off by one first.
const duration = fc.oneof(
  fc.integer({ min: 0, max: 41 }).chain((bits) => fc.integer({ min: 1, max: 2 ** (bits + 1) })),
  fc
    .tuple(fc.integer({ min: 1, max: 41 }), fc.integer({ min: -2, max: 2 }))
    .map(([bits, off]) => Math.max(1, 2 ** bits + off)),
);
const durations = fc.array(
  duration.map((ns) => Math.min(ns, HIGHEST_LATENCY_NS)),
  { minLength: 1, maxLength: 300 },
);

const histogramOf = (samples: readonly number[]) => {
  const histogram = new LatencyHistogram();
  for (const sample of samples) histogram.record(sample);
  return histogram;
};

const hdrOf = (samples: readonly number[]) => {
  const hdr = build({
    bitBucketSize: 64,
    highestTrackableValue: HIGHEST_LATENCY_NS,
    numberOfSignificantValueDigits: 3,
  });
  for (const sample of samples) hdr.recordValue(sample);
  return hdr;
};

test("percentiles, mean, maximum and count are hdr-histogram-js's, no percentile above the maximum", () => {
  fc.assert(
    fc.property(durations, (samples) => {
      const histogram = histogramOf(samples);
      const hdr = hdrOf(samples);
      expect(PERCENTILES.map((percentile) => histogram.percentileNs(percentile))).toEqual(
        PERCENTILES.map((percentile) => Math.min(hdr.getValueAtPercentile(percentile), hdr.maxValue)),
      );
      expect(histogram.meanNs).toBeCloseTo(hdr.mean, 3);
      expect(histogram.maxNs).toBe(hdr.maxValue);
      expect(histogram.count).toBe(hdr.totalCount);
    }),
  );
});

test("percentiles are within three significant digits of the sorted samples", () => {
  fc.assert(
    fc.property(durations, (samples) => {
      const histogram = histogramOf(samples);
      const sorted = [...samples].sort((a, b) => a - b);
      for (const percentile of [50, 90, 99, 100]) {
        const exact = sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!;
        expect(Math.abs(histogram.percentileNs(percentile) - exact)).toBeLessThanOrEqual(exact / 1000);
      }
    }),
  );
});

test("buckets hold every sample between their ends, shortest first", () => {
  fc.assert(
    fc.property(durations, (samples) => {
      const buckets = histogramOf(samples).buckets();
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(samples.length);
      for (const { lowestNs, highestNs, count } of buckets)
        expect(samples.filter((ns) => ns >= lowestNs && ns <= highestNs)).toHaveLength(count);
      for (const [i, { lowestNs }] of buckets.entries())
        expect(lowestNs).toBeGreaterThan(i === 0 ? 0 : buckets[i - 1]!.highestNs);
    }),
  );
});

test("merging is as if everything had been recorded in one, and leaves the other as it was", () => {
  fc.assert(
    fc.property(durations, durations, (here, there) => {
      const merged = histogramOf(here);
      const other = histogramOf(there);
      merged.merge(other);
      const both = histogramOf([...here, ...there]);
      expect(merged.buckets()).toEqual(both.buckets());
      expect(merged.summary()).toEqual(both.summary());
      expect(other.summary()).toEqual(histogramOf(there).summary());
    }),
  );
});

test("a merge with itself counts everything twice", () => {
  const histogram = histogramOf([5, 7_000, 9e9]);
  histogram.merge(histogram);
  expect(histogram.count).toBe(6);
  expect(histogram.maxNs).toBe(9e9);
});

test("recording many at once is recording each", () => {
  const histogram = histogramOf([100, 2e6, 2e6, 2e6]);
  const many = histogramOf([100]);
  many.recordMany(2e6, 3);
  expect(many.buckets()).toEqual(histogram.buckets());
});

test("fractions of a nanosecond are rounded", () => {
  expect(histogramOf([1.4, 1.6, 2 ** 31 - 0.6]).buckets()).toEqual(histogramOf([1, 2, 2 ** 31 - 1]).buckets());
  expect(histogramOf([1234.56]).maxNs).toBe(1235);
});

test("an empty histogram summarises to zeros, and values out of range count at its ends", () => {
  const empty = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, unit: "us" };
  const histogram = new LatencyHistogram();
  expect(histogram.summary()).toEqual(empty);
  histogram.record(-5);
  histogram.record(0.2);
  histogram.record(Number.POSITIVE_INFINITY);
  expect(histogram.count).toBe(3);
  expect(histogram.percentileNs(50)).toBe(1);
  expect(histogram.maxNs).toBe(HIGHEST_LATENCY_NS);
  histogram.reset();
  expect(histogram.summary()).toEqual(empty);
});

test("refuses NaN and percentiles that are none, and counts nothing for them", () => {
  const histogram = new LatencyHistogram();
  expect(() => histogram.record(Number.NaN)).toThrow(InvalidInputError);
  expect(histogram.count).toBe(0);
  expect(() => histogram.percentileNs(101)).toThrow("percentile must be a number from 0 to 100, got 101");
});
