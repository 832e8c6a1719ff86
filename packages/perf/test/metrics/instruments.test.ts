import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { Counter, decadeBounds, Gauge, Histogram, Meter } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";

test("a counter adds what it is given and one when nothing is", () => {
  const counter = new Counter();
  counter.inc();
  counter.inc(2.5);
  counter.inc(0);
  expect(counter.value).toBe(3.5);
});

test("a counter refuses what is not a finite number of at least zero, and keeps its value", () => {
  const counter = new Counter();
  counter.inc(7);
  for (const amount of [-1, -1e-9, Number.NaN, Number.POSITIVE_INFINITY, "x" as unknown as number])
    expect(() => counter.inc(amount)).toThrow(InvalidInputError);
  expect(counter.value).toBe(7);
});

test("a gauge takes any number, and refuses text that would turn into one", () => {
  const gauge = new Gauge();
  gauge.set(4);
  gauge.add(-6);
  expect(gauge.value).toBe(-2);
  gauge.set(Number.NaN);
  expect(gauge.value).toBeNaN();
  expect(() => gauge.set("4" as unknown as number)).toThrow(InvalidInputError);
  expect(() => gauge.add(undefined as unknown as number)).toThrow(InvalidInputError);
});

test("a meter tells the current, the average and the peak rate", () => {
  const { clock, meter } = setUpMeter(1_000);
  meter.mark(500);
  clock.advance({ ms: 1_000 });
  expect(meter.read()).toEqual({ count: 500, currentPerSecond: 500, averagePerSecond: 500, peakPerSecond: 500 });
  meter.mark(100);
  clock.advance({ ms: 1_000 });
  expect(meter.read()).toEqual({ count: 600, currentPerSecond: 100, averagePerSecond: 300, peakPerSecond: 500 });
  clock.advance({ ms: 8_000 });
  expect(meter.read()).toEqual({ count: 600, currentPerSecond: 0, averagePerSecond: 60, peakPerSecond: 500 });
});

test("a burst across the border of two windows counts as one peak", () => {
  const { clock, meter } = setUpMeter(1_000);
  clock.advance({ ms: 950 });
  meter.mark(300);
  clock.advance({ ms: 100 });
  meter.mark(300);
  clock.advance({ ms: 5_000 });
  expect(meter.read().peakPerSecond).toBe(600);
});

test("a meter's rates agree with a list of all its events, whenever it is read", () => {
  const windowMs = 100;
  const slotMs = windowMs / 10;
  fc.assert(
    fc.property(
      fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 250 }), events: fc.integer({ min: 0, max: 50 }) })),
      fc.integer({ min: 0, max: 250 }),
      (steps, waitMs) => {
        const { clock, meter } = setUpMeter(windowMs);
        const slots: number[] = [];
        let nowMs = 0;
        for (const step of steps) {
          clock.advance({ ms: step.waitMs });
          nowMs += step.waitMs;
          meter.mark(step.events);
          const slot = Math.floor(nowMs / slotMs);
          slots[slot] = (slots[slot] ?? 0) + step.events;
        }
        clock.advance({ ms: waitMs });
        nowMs += waitMs;
        const closed = Math.floor(nowMs / slotMs);
        const windowUntil = (end: number) => {
          let sum = 0;
          for (let i = Math.max(0, end - 10); i < end; i++) sum += slots[i] ?? 0;
          return sum;
        };
        let peak = 0;
        for (let end = 1; end <= closed; end++) peak = Math.max(peak, windowUntil(end));
        const reading = meter.read();
        expect(reading.count).toBe(slots.reduce((sum, events) => sum + (events ?? 0), 0));
        expect(reading.currentPerSecond).toBeCloseTo(windowUntil(closed) * 10, 6);
        expect(reading.peakPerSecond).toBeCloseTo(peak * 10, 6);
      },
    ),
  );
});

test("a meter refuses a negative count and a window out of range", () => {
  const { meter } = setUpMeter(1_000);
  for (const events of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => meter.mark(events)).toThrow(InvalidInputError);
  for (const windowMs of [9, 3_600_001, Number.NaN]) expect(() => setUpMeter(windowMs)).toThrow(InvalidInputError);
});

test("a histogram puts each value into the first bucket whose bound is not below it", () => {
  const boundsOf = fc
    .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40, selector: String })
    .map((bounds) => [...new Set(bounds.map((bound) => bound + 0))].sort((a, b) => a - b));
  fc.assert(
    fc.property(boundsOf, fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 })), (bounds, values) => {
      const histogram = new Histogram(bounds);
      const counts = new Array<number>(bounds.length + 1).fill(0);
      for (const value of [...values, ...bounds]) {
        histogram.observe(value);
        const bucket = bounds.findIndex((bound) => value <= bound);
        counts[bucket === -1 ? bounds.length : bucket]! += 1;
      }
      expect(histogram.read().counts).toEqual(counts);
      expect(histogram.read().count).toBe(values.length + bounds.length);
    }),
  );
});

test("a histogram sums its values and refuses what is not a finite number", () => {
  const histogram = new Histogram([1, 2]);
  for (const value of [0.5, 1, 3]) histogram.observe(value);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "1" as unknown as number])
    expect(() => histogram.observe(value)).toThrow(InvalidInputError);
  expect(histogram.read()).toEqual({ counts: [2, 0, 1], sum: 4.5, count: 3 });
});

test("refuses bounds that are missing, do not rise or are not finite", () => {
  for (const bounds of [[], [1, 1], [2, 1], [1, Number.NaN], [1, Number.POSITIVE_INFINITY]])
    expect(() => new Histogram(bounds)).toThrow(InvalidInputError);
});

test("decade bounds are the decimals they read as", () => {
  expect(decadeBounds(-6, -5)).toEqual([1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5]);
  expect(decadeBounds(0, 1, [1, 2.5])).toEqual([1, 2.5, 10, 25]);
  expect(() => decadeBounds(2, 1)).toThrow(InvalidInputError);
  expect(() => decadeBounds(0, 1, [1, 20])).toThrow(InvalidInputError);
});

function setUpMeter(windowMs: number) {
  const clock = new ManualClock();
  return { clock, meter: new Meter({ clock, windowMs }) };
}
