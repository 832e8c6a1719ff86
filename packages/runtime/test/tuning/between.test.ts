import { LatencyHistogram } from "@pitlane/perf/metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { percentileBetweenNs } from "../../src/tuning/between.ts";

const durations = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { maxLength: 200 });

test("what was recorded since is the same as a histogram of that alone", () => {
  fc.assert(
    fc.property(durations, durations, fc.integer({ min: 1, max: 99 }), (earlier, later, percentile) => {
      const all = new LatencyHistogram();
      for (const ns of earlier) all.record(ns);
      const before = all.buckets();
      const alone = new LatencyHistogram();
      for (const ns of later) {
        all.record(ns);
        alone.record(ns);
      }
      const between = percentileBetweenNs(before, all.buckets(), percentile);
      if (later.length === 0) {
        expect(between).toBeUndefined();
        return;
      }
      // A histogram of its own knows its largest value; a difference of two knows the bucket of it.
      expect(Math.min(between as number, alone.maxNs)).toBe(alone.percentileNs(percentile));
    }),
  );
});

test("a histogram that was reset in between is told apart from one without load", () => {
  const histogram = new LatencyHistogram();
  histogram.record(100);
  histogram.record(5_000);
  const before = histogram.buckets();
  histogram.reset();
  histogram.record(100);
  expect(() => percentileBetweenNs(before, histogram.buckets(), 99)).toThrow("was it reset?");
});
