import fc from "fast-check";
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { decodeHistogram, encodeHistogram, LatencyHistogram, toHdrHistogram } from "../../src/metrics/index.ts";

const PERCENTILES = [0, 50, 90, 99, 99.9, 100];

const histogramOf = (samples: readonly number[]) => {
  const histogram = new LatencyHistogram();
  for (const sample of samples) histogram.record(sample);
  return histogram;
};

test("what is encoded comes back, with hdr-histogram-js reading the same in between", async () => {
  const samples = fc.array(fc.integer({ min: 1, max: 3_600_000_000_000 }), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(samples, async (durations) => {
      const histogram = histogramOf(durations);
      const text = await encodeHistogram(histogram);
      const theirs = decodeFromCompressedBase64(text, 64);
      expect((await decodeHistogram(text)).buckets()).toEqual(histogram.buckets());
      expect(theirs.totalCount).toBe(histogram.count);
      for (const percentile of durations.length === 0 ? [] : PERCENTILES)
        expect(Math.min(theirs.getValueAtPercentile(percentile), histogram.maxNs)).toBe(
          histogram.percentileNs(percentile),
        );
    }),
  );
});

test("counts beyond 32 bits survive", async () => {
  const histogram = new LatencyHistogram();
  histogram.recordMany(1500, 2 ** 40 + 1);
  expect((await decodeHistogram(await encodeHistogram(histogram))).count).toBe(2 ** 40 + 1);
});

test("the fullest histogram there can be is within the length that is read", async () => {
  const histogram = new LatencyHistogram();
  let state = 1;
  for (let ns = 1; ns < 3.6e12; ns = Math.max(ns + 1, ns * (1 + 1 / 2048))) {
    state = (state * 48_271) % 2_147_483_647;
    histogram.recordMany(ns, state * 2 ** 20 + (state % 2 ** 20)); // 51 bits that do not compress
  }
  const text = await encodeHistogram(histogram);
  expect(text.length).toBeGreaterThan(200_000);
  expect((await decodeHistogram(text)).buckets()).toEqual(histogram.buckets());
});

test("a coarser histogram of another tool is read at the upper ends of its buckets", async () => {
  const coarse = build({ bitBucketSize: 32, highestTrackableValue: 1e15, numberOfSignificantValueDigits: 1 });
  for (const ns of [10, 3_000, 7_000_000, 8e14]) coarse.recordValue(ns);
  const histogram = await decodeHistogram(encodeIntoCompressedBase64(coarse));
  expect(histogram.count).toBe(4);
  expect(histogram.percentileNs(50)).toBeCloseTo(coarse.getValueAtPercentile(50), -1);
  expect(histogram.maxNs).toBe(3_600_000_000_000);
});

test("the folded histogram keeps the exact maximum", async () => {
  const hdr = await toHdrHistogram(histogramOf([10, 123_456_789]));
  expect(hdr.maxValue).toBe(123_456_789);
  expect(hdr.outputPercentileDistribution()).toContain("#[Max");
});

test("text that is no histogram is refused", async () => {
  const text = await encodeHistogram(histogramOf([1, 2, 3]));
  for (const bad of ["", "not base64!", "aGVsbG8gd29ybGQ=", text.slice(0, 30), "A".repeat(450_001)])
    await expect(decodeHistogram(bad)).rejects.toThrow(InvalidInputError);
});
