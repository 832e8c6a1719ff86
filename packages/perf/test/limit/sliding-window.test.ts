import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { SlidingWindow } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Admitted, mostInAnyWindow } from "./admitted.ts";

function setUp({ limit, windowMs }: { limit: number; windowMs: number }) {
  const clock = new ManualClock();
  return { clock, window: new SlidingWindow({ limit, windowMs, clock }) };
}

const steps = fc.array(fc.record({ gapUs: fc.integer({ min: 0, max: 4000 }), cost: fc.integer({ min: 1, max: 12 }) }), {
  maxLength: 200,
});

test("admits exactly what fits into every window, by weight", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), steps, (limit, takes) => {
      const { clock, window } = setUp({ limit, windowMs: 10 });
      const admitted: Admitted[] = [];
      for (const { gapUs, cost } of takes) {
        clock.advance({ us: gapUs });
        if (cost > limit) continue;
        const nowNs = clock.monotonicNs();
        const used = admitted.filter(({ atNs }) => atNs > nowNs - 10e6).reduce((sum, take) => sum + take.cost, 0);
        expect(window.tryTake(cost)).toBe(used + cost <= limit);
        if (used + cost <= limit) admitted.push({ atNs: nowNs, cost });
      }
      expect(mostInAnyWindow(admitted, 10e6)).toBeLessThanOrEqual(limit);
    }),
  );
});

test("frees a unit at exactly one window after it was taken", () => {
  const { clock, window } = setUp({ limit: 2, windowMs: 10 });
  window.tryTake();
  clock.advance({ ms: 4 });
  window.tryTake();
  expect(window.waitMs()).toBe(6);
  expect(window.waitMs(2)).toBe(10);
  clock.advance({ ns: 6e6 - 1 });
  expect(window.tryTake()).toBe(false);
  expect(window.waitMs()).toBe(1);
  clock.advance({ ns: 1 });
  expect(window.tryTake()).toBe(true);
});

test("is idle when nothing was taken in the last window", () => {
  const { clock, window } = setUp({ limit: 3, windowMs: 10 });
  expect(window.isIdle()).toBe(true);
  window.tryTake();
  clock.advance({ ns: 10e6 - 1 });
  expect(window.isIdle()).toBe(false);
  clock.advance({ ns: 1 });
  expect(window.isIdle()).toBe(true);
});

test("refuses options and costs outside their ranges", () => {
  const clock = new ManualClock();
  for (const limit of [0, 1.5, 2e6]) {
    expect(() => new SlidingWindow({ limit, windowMs: 1, clock })).toThrow(InvalidInputError);
  }
  expect(() => new SlidingWindow({ limit: 1, windowMs: 0, clock })).toThrow(InvalidInputError);
  const { window } = setUp({ limit: 3, windowMs: 10 });
  for (const cost of [0, 1.5, 4, Number.NaN]) expect(() => window.tryTake(cost)).toThrow(InvalidInputError);
});
