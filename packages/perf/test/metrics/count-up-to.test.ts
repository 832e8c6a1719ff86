import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.ts";
import { HIGHEST_LATENCY_NS, LatencyHistogram } from "../../src/metrics/index.ts";

const DURATION_NS = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 1, max: 10_000_000 }),
  fc.integer({ min: 1, max: HIGHEST_LATENCY_NS }),
);

test("counts the buckets that do not reach beyond a duration", () => {
  fc.assert(
    fc.property(
      fc.array(DURATION_NS, { maxLength: 100 }),
      fc.oneof(DURATION_NS, fc.constant(0)),
      (durations, limit) => {
        const latency = new LatencyHistogram();
        for (const ns of durations) latency.record(ns);
        const expected = latency.buckets().reduce((sum, one) => sum + (one.highestNs <= limit ? one.count : 0), 0);
        expect(latency.countUpTo(limit)).toBe(expected);
      },
    ),
  );
});

test("is exact for short durations, and all is counted up to the longest there is", () => {
  const latency = new LatencyHistogram();
  for (const ns of [1, 2, 3, 1_000, HIGHEST_LATENCY_NS]) latency.record(ns);
  expect([0, 0.9, 1, 2.5, 999, 1_000].map((ns) => latency.countUpTo(ns))).toEqual([0, 0, 1, 2, 3, 4]);
  expect(latency.countUpTo(HIGHEST_LATENCY_NS)).toBeGreaterThanOrEqual(4);
});

test.each([-1, Number.NaN, HIGHEST_LATENCY_NS + 1])("refuses %d", (ns) => {
  expect(() => new LatencyHistogram().countUpTo(ns)).toThrow(InvalidInputError);
});
