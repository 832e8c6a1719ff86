import fc from "fast-check";
import { expect, test } from "vitest";
import { checkKnob, fromPosition, type Knob, knobOn, neighbour, toPosition } from "../../src/tune/knob.ts";

function knobOf(options: Partial<Knob> = {}): Knob {
  return { name: "size", min: 1, max: 1024, step: 1, scale: "log", get: () => 16, set: () => {}, ...options };
}

test("counts doublings on a log scale", () => {
  expect(toPosition(knobOf(), 32)).toBeCloseTo(0.5, 12);
  expect(fromPosition(knobOf(), 0.5)).toBe(32);
  expect(neighbour(knobOf(), 32, 0.2, 1)).toBe(128);
  expect(neighbour(knobOf(), 32, 0.2, -1)).toBe(8);
});

test("goes at least one step, and nowhere beyond a bound", () => {
  const workers = knobOf({ min: 1, max: 8, scale: "linear", get: () => 2 });
  expect(neighbour(workers, 2, 0.01, 1)).toBe(3);
  expect(neighbour(workers, 7, 0.9, 1)).toBe(8);
  expect(neighbour(workers, 8, 0.25, 1)).toBeUndefined();
  expect(neighbour(workers, 1, 0.25, -1)).toBeUndefined();
});

test("decimal steps stay decimal", () => {
  const knob = knobOf({ min: 0, max: 1, step: 0.1, scale: "linear", get: () => 0.2 });
  expect(neighbour(knob, 0.2, 0.1, 1)).toBe(0.3);
});

test("a number of an object is a knob, called by its property unless told", () => {
  const cache = { capacity: 1000 };
  const knob = knobOn(cache, "capacity", { min: 1, max: 5000, step: 1, scale: "log" });
  expect(knob).toMatchObject({ name: "capacity", min: 1, max: 5000, step: 1, scale: "log" });
  expect(knob.get()).toBe(1000);
  knob.set(2000);
  expect(cache.capacity).toBe(2000);
  expect(knobOn(cache, "capacity", { name: "quotes", min: 1, max: 5000 }).name).toBe("quotes");
});

test("whatever is proposed is settable: within the bounds, on the step, and another value", () => {
  const scale = fc.constantFrom("linear" as const, "log" as const);
  const direction = fc.constantFrom(1 as const, -1 as const);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 20 }),
      scale,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1 / 64, max: 1, noNaN: true }),
      direction,
      (min, span, step, onScale, at, stride, way) => {
        fc.pre(step <= span);
        const knob = knobOf({ min, max: min + span, step, scale: onScale, get: () => min });
        const value = fromPosition(knob, at);
        const next = neighbour(knob, value, stride, way);
        if (next === undefined) return;
        expect(next).toBeGreaterThanOrEqual(min);
        expect(next).toBeLessThanOrEqual(min + span);
        expect((next - min) % step).toBe(0);
        expect(Math.sign(next - value)).toBe(way);
      },
    ),
  );
});

test.each([
  [{ min: 5, max: 5 }, 'knob "size": max must be above min, both are 5'],
  [{ min: 0 }, /^knob "size": min must be a number from /],
  [{ step: 0 }, /^knob "size": step must be a number from /],
  [{ get: () => 2000 }, 'knob "size": its value, from get(), must be a number from 1 to 1024, got 2000'],
])("refuses %o", (options, message) => {
  expect(() => checkKnob(knobOf(options))).toThrow(message);
});
