import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { WindowedPercentiles } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";

const setUp = ({ windowMs = 10_000, slices = 10 } = {}) => {
  const clock = new ManualClock();
  return { clock, latency: new WindowedPercentiles({ windowMs, slices, clock }) };
};

test("nothing older than the window counts, and everything younger than it less one slice does", () => {
  const step = fc.record({ waitMs: fc.integer({ min: 0, max: 700 }), elapsedNs: fc.integer({ min: 1, max: 2000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 10 }), (steps, slices) => {
      const windowMs = 2000;
      const { clock, latency } = setUp({ windowMs, slices });
      const recorded: { atNs: number; elapsedNs: number }[] = [];
      for (const { waitMs, elapsedNs } of steps) {
        clock.advance({ ms: waitMs });
        latency.record(elapsedNs);
        recorded.push({ atNs: clock.monotonicNs(), elapsedNs });
        const younger = (ageMs: number) => recorded.filter(({ atNs }) => clock.monotonicNs() - atNs < ageMs * 1e6);
        const held = latency.histogram();
        expect(held.count).toBeLessThanOrEqual(younger(windowMs).length);
        expect(held.count).toBeGreaterThanOrEqual(younger(windowMs - windowMs / slices).length);
        const newest = younger(windowMs).slice(-held.count);
        expect(held.maxNs).toBe(Math.max(0, ...newest.map((sample) => sample.elapsedNs)));
      }
    }),
  );
});

test("a slow stretch is forgotten when its time is over, also when nothing is recorded after it", () => {
  const { clock, latency } = setUp();
  latency.record(80e6);
  expect(latency.summary().p99).toBeCloseTo(80_000, -3);
  clock.advance({ ms: 10_000 });
  expect(latency.summary()).toMatchObject({ count: 0, p99: 0 });
});

test("an idle time longer than the window leaves no slice from before it", () => {
  const { clock, latency } = setUp();
  for (let i = 0; i < 10; i++) {
    latency.record(1000);
    clock.advance({ ms: 1000 });
  }
  clock.advance({ ms: 86_400_000 });
  latency.record(2000);
  expect(latency.histogram().count).toBe(1);
});

test("told the time, it does not read the clock", () => {
  let reads = 0;
  const clock = { monotonicNs: () => reads++ };
  const latency = new WindowedPercentiles({ windowMs: 10_000, clock });
  latency.record(1, 500e6);
  expect(reads).toBe(1); // the constructor's
});

test("a time before the slice being filled counts in that slice", () => {
  const { clock, latency } = setUp();
  latency.record(1, 20_000e6);
  latency.record(1, 19_000e6);
  clock.advance({ ms: 29_500 });
  expect(latency.histogram().count).toBe(2);
  clock.advance({ ms: 500 });
  expect(latency.histogram().count).toBe(0);
});

test("refuses a window or a number of slices out of range", () => {
  expect(() => setUp({ windowMs: 0 })).toThrow(InvalidInputError);
  expect(() => setUp({ slices: 61 })).toThrow("slices must be a number from 1 to 60, got 61");
});
