import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { LatencyWindow } from "../../src/metrics/index.ts";

const windowOf = (samplesNs: readonly number[], capacity?: number) => {
  const window = new LatencyWindow(capacity);
  for (const ns of samplesNs) window.record(ns);
  return window;
};

test("summarises the last samples exactly, whatever came before them", () => {
  const samples = fc.array(
    fc.double({ min: -1e6, max: 1e13, noNaN: true }).map((ns) => ns + 0), // no -0, which sorts either way
    { minLength: 1, maxLength: 200 },
  );
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 100 }), (samplesNs, capacity) => {
      const held = samplesNs.slice(-capacity).sort((a, b) => a - b);
      const at = (percentile: number) => held[Math.ceil((percentile * held.length) / 100) - 1]! / 1000;
      const summary = windowOf(samplesNs, capacity).summary();
      expect(summary).toMatchObject({
        count: held.length,
        min: held[0]! / 1000,
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        max: held.at(-1)! / 1000,
      });
      const meanUs = held.reduce((sum, ns) => sum + ns / 1000, 0) / held.length;
      const squares = held.reduce((sum, ns) => sum + (ns / 1000 - meanUs) ** 2, 0);
      const scale = Math.max(1, Math.abs(held[0]!), held.at(-1)!);
      expect(summary.mean / scale).toBeCloseTo(meanUs / scale, 12);
      expect(summary.jitter / scale).toBeCloseTo(Math.sqrt(squares / held.length) / scale, 12);
    }),
  );
});

test("holds 10,000 samples unless told, the oldest out first", () => {
  const window = windowOf(Array.from({ length: 25_000 }, (_, i) => i * 1000));
  expect(window.size).toBe(10_000);
  expect(window.capacity).toBe(10_000);
  const { count, min, max, mean, p999 } = window.summary();
  expect({ count, min, max, mean, p999 }).toEqual({
    count: 10_000,
    min: 15_000,
    max: 24_999,
    mean: 19_999.5,
    p999: 24_989,
  });
});

test("keeps the jitter of samples that lie close together far from zero", () => {
  const hourNs = 3.6e12;
  const { mean, jitter } = windowOf(
    Array.from({ length: 10_000 }, (_, i) => hourNs + (i % 2 === 0 ? 1 : -1)),
  ).summary();
  expect(mean).toBe(hourNs / 1000);
  expect(jitter).toBeCloseTo(0.001, 9);
});

test("a summary changes nothing", () => {
  const window = windowOf([5000, 1000, 3000, 2000], 3);
  expect(window.summary()).toEqual(window.summary());
  window.record(4000); // replaces 1000, the oldest held
  expect(window.summary()).toMatchObject({ min: 2, p50: 3, max: 4 });
});

test("an empty window, and one that was reset, summarise to zeros", () => {
  const empty = new LatencyWindow().summary();
  expect(empty).toEqual({
    count: 0,
    mean: 0,
    min: 0,
    p50: 0,
    p90: 0,
    p95: 0,
    p99: 0,
    p999: 0,
    max: 0,
    jitter: 0,
    unit: "us",
  });
  const window = windowOf([1, 2, 3]);
  window.reset();
  expect(window.summary()).toEqual(empty);
});

test("refuses what is no duration and a capacity out of range", () => {
  const window = new LatencyWindow(10);
  expect(() => window.record(Number.NaN)).toThrow(InvalidInputError);
  expect(() => window.record(Number.POSITIVE_INFINITY)).toThrow("elapsedNs must be finite, got Infinity");
  expect(window.size).toBe(0);
  expect(() => new LatencyWindow(0)).toThrow("capacity must be a number from 1 to 1000000, got 0");
});
