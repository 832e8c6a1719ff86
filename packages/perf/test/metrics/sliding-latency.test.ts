import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { type LatencyFigures, LatencyHistogram, SlidingLatency } from "../../src/metrics/index.ts";

const SECOND_NS = 1e9;
const duration = fc.integer({ min: 0, max: 40 }).chain((bits) => fc.integer({ min: 1, max: 2 ** (bits + 1) }));
const seconds = fc.array(fc.array(duration, { maxLength: 20 }), { minLength: 1, maxLength: 150 });

/** What a histogram of these durations alone tells. */
function figuresOf(durations: readonly number[]): LatencyFigures {
  const histogram = new LatencyHistogram();
  for (const ns of durations) histogram.record(ns);
  const { count, p50, p99, p999, max } = histogram.summary();
  const mean = Math.min(histogram.meanNs, histogram.maxNs) / 1000;
  return { count, mean, p50, p95: histogram.percentileNs(95) / 1000, p99, p999, max };
}

function expectClose(figures: LatencyFigures, wanted: LatencyFigures): void {
  expect(figures.count).toBe(wanted.count);
  for (const name of ["mean", "p50", "p95", "p99", "p999", "max"] as const) {
    const most = wanted[name] / 1000 + 1e-9; // three digits: a bucket is that wide
    expect(Math.abs(figures[name] - wanted[name])).toBeLessThanOrEqual(most);
  }
}

test("each span has the figures of a histogram that got that span's durations alone", () => {
  fc.assert(
    fc.property(seconds, (recorded) => {
      const histogram = new LatencyHistogram();
      const sliding = new SlidingLatency(histogram, 0);
      for (const [second, durations] of recorded.entries()) {
        for (const ns of durations) histogram.record(ns);
        const { now, minute, total } = sliding.roll((second + 1) * SECOND_NS);
        expectClose(now, figuresOf(durations));
        expectClose(minute, figuresOf(recorded.slice(Math.max(0, second - 59), second + 1).flat()));
        expect(total).toEqual(figuresOf(recorded.slice(0, second + 1).flat()));
      }
    }),
    { numRuns: 30 },
  );
});

test("what is recorded is in the histogram at once, looked at or not", () => {
  const histogram = new LatencyHistogram();
  const sliding = new SlidingLatency(histogram, 0);
  histogram.record(5_000);
  sliding.roll(SECOND_NS);
  histogram.record(7_000);
  expect(histogram.count).toBe(2);
  expect(histogram.maxNs).toBe(7_000);
});

test("the sum that mean and count make never falls: who takes rates of it would see a restart", () => {
  fc.assert(
    fc.property(seconds, (recorded) => {
      const histogram = new LatencyHistogram();
      const sliding = new SlidingLatency(histogram, 0);
      let before = 0;
      for (const [second, durations] of recorded.entries()) {
        for (const ns of durations) histogram.record(ns);
        const { mean, count } = sliding.roll((second + 1) * SECOND_NS).total;
        expect(mean * count).toBeGreaterThanOrEqual(before);
        before = mean * count;
      }
    }),
  );
});

test("the window is of time, however long a look was late", () => {
  const histogram = new LatencyHistogram();
  const sliding = new SlidingLatency(histogram, 0, 10_000);
  histogram.record(1_000);
  expect(sliding.roll(SECOND_NS).minute.count).toBe(1);
  histogram.record(2_000);
  const late = sliding.roll(12 * SECOND_NS); // what it got began to come 11 s ago and is what came since the last look all the same
  expect(late.now.count).toBe(1);
  expect(late.minute).toMatchObject({ count: 1, max: 2 });
  expect(sliding.roll(13 * SECOND_NS).minute.count).toBe(0);
});

test("nothing recorded is all zero, and so is a second without anything", () => {
  const histogram = new LatencyHistogram();
  const sliding = new SlidingLatency(histogram, 0);
  const nothing = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, p999: 0, max: 0 };
  expect(sliding.roll(SECOND_NS)).toEqual({ now: nothing, minute: nothing, total: nothing });
  histogram.record(1_000);
  sliding.roll(2 * SECOND_NS);
  const quiet = sliding.roll(3 * SECOND_NS);
  expect(quiet.now).toEqual(nothing);
  expect(quiet.minute.count).toBe(1);
});

test("what the histogram held before is in the total alone", () => {
  const histogram = new LatencyHistogram();
  histogram.record(1_000);
  const { now, minute, total } = new SlidingLatency(histogram, 0).roll(SECOND_NS);
  expect([now.count, minute.count, total.count]).toEqual([0, 0, 1]);
});

test("looks that come too often make the window shorter, and cost no more memory", () => {
  const histogram = new LatencyHistogram();
  const sliding = new SlidingLatency(histogram, 0);
  let spans = sliding.roll(0);
  for (let ms = 1; ms <= 1_000; ms++) {
    histogram.record(1_000);
    spans = sliding.roll(ms * 1e6);
  }
  expect(spans.minute.count).toBe(256);
  expect(spans.total.count).toBe(1_000);
});

test("more than 32 bits of one bucket since the last look are counted all", () => {
  const histogram = new LatencyHistogram();
  const sliding = new SlidingLatency(histogram, 0);
  histogram.recordMany(1_000, 2 ** 33 + 5);
  const { now, minute } = sliding.roll(SECOND_NS);
  expect(now).toMatchObject({ count: 2 ** 33 + 5, p50: 1, max: 1 });
  expect(minute.count).toBe(2 ** 33 + 5);
});

test.each([0, -1, Number.NaN, 3_600_001])("a window of %s ms is refused", (windowMs) => {
  expect(() => new SlidingLatency(new LatencyHistogram(), 0, windowMs)).toThrow(InvalidInputError);
});
