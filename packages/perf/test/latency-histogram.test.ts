import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencyHistogram } from "../src/metrics/index.ts";

test("percentiles are within three significant digits of the sorted samples", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_600_000_000_000 }), { minLength: 1, maxLength: 300 }),
      (samples) => {
        const histogram = new LatencyHistogram();
        for (const sample of samples) histogram.record(sample);
        const sorted = [...samples].sort((a, b) => a - b);
        for (const percentile of [50, 90, 99, 100]) {
          const exact = sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!;
          expect(Math.abs(histogram.percentileNs(percentile) - exact)).toBeLessThanOrEqual(Math.max(1, exact / 1000));
        }
      },
    ),
  );
});

test("an empty histogram summarises to zeros, and values out of range count at its ends", () => {
  const histogram = new LatencyHistogram();
  expect(histogram.summary()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, unit: "us" });
  histogram.record(-5);
  histogram.record(1e30);
  expect(histogram.summary().count).toBe(2);
  expect(histogram.summary().max).toBeGreaterThan(3.59e9);
  histogram.reset();
  expect(histogram.count).toBe(0);
});
