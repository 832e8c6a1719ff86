import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EquityCurve } from "../../src/engines/performance-curve.ts";

const points = (curve: EquityCurve) => Array.from({ length: curve.length }, (_, index) => curve.at(index));
const times = (curve: EquityCurve) => Array.from({ length: curve.length }, (_, index) => curve.atUs(index));

test("begins with the first value, then has the last one of every stretch, and the one before where none came", () => {
  const curve = new EquityCurve({ intervalUs: 10 });
  curve.push(100, 1);
  curve.push(105, 2);
  curve.push(131, 7);
  curve.push(133, 5);
  expect(points(curve)).toEqual([1, 2, 2, 2, 5]);
  expect(times(curve)).toEqual([100, 110, 120, 130, 133]);
  expect(() => curve.at(5)).toThrow(RangeError);
});

test("a value of the moment that a stretch ends at is of that stretch", () => {
  const curve = new EquityCurve({ intervalUs: 10, periodUs: 20 });
  for (const [index, units] of [5, 6, 7, 8].entries()) curve.push(100 + 10 * index, units);
  expect(points(curve)).toEqual([5, 6, 7, 8]);
  expect(times(curve)).toEqual([100, 110, 120, 130]);
  expect(curve.pointsInPeriod).toBe(2);
});

test("a record of the first versions, which knows no first value, begins with its first point", () => {
  const curve = new EquityCurve({ intervalUs: 10 });
  for (const [index, units] of [5, 6, 7].entries()) curve.push(100 + 10 * index, units);
  const { first: _, ...old } = curve.record();
  const restored = new EquityCurve();
  restored.restore(old);
  expect([points(restored), times(restored)]).toEqual([
    [6, 6, 7],
    [100, 110, 120],
  ]);
  const empty = new EquityCurve();
  empty.restore(new EquityCurve().record());
  expect(empty.length).toBe(0);
});

test("keeps to its bound for any times, with the values that were last at its points", () => {
  const step = fc.record({
    afterUs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1e9 })),
    units: fc.integer({ min: -1000, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), fc.nat(), (steps, cut) => {
      let curve = new EquityCurve({ capacity: 16, intervalUs: 10 });
      let nowUs = 1_000;
      const pushed: { atUs: number; units: number }[] = [];
      for (const [index, { afterUs, units }] of steps.entries()) {
        nowUs += afterUs;
        curve.push(nowUs, units);
        pushed.push({ atUs: nowUs, units });
        if (index !== cut % steps.length) continue;
        const restored = new EquityCurve({ capacity: 16 });
        restored.restore(JSON.parse(JSON.stringify(curve.record())));
        curve = restored;
      }
      expect(curve.length).toBeLessThanOrEqual(17);
      expect([curve.startUs, curve.lastUs]).toEqual([pushed[0]!.atUs, nowUs]);
      expect(curve.at(0)).toBe(pushed[0]!.units);
      for (let index = 1; index < curve.length; index++) {
        const endUs = curve.startUs + index * curve.intervalUs;
        expect(curve.at(index)).toBe(pushed.filter(({ atUs }) => atUs <= endUs).at(-1)?.units);
      }
      expect(curve.at(curve.length - 1)).toBe(steps.at(-1)!.units);
    }),
  );
});

test("drawdowns are of every value, also of those that no point has", () => {
  const curve = new EquityCurve({ capacity: 16, intervalUs: 100 });
  curve.push(0, 100);
  curve.push(1, 200);
  curve.push(2, 50); // gone before the stretch is over
  curve.push(3, 150);
  expect(points(curve)).toEqual([100, 150]);
  expect([curve.peakUnits, curve.maxDrawdownUnits, curve.maxDrawdownShare]).toEqual([200, 150, 0.75]);
  expect(curve.longestDrawdownUs).toBe(2);
  curve.push(500, 200);
  curve.push(501, 190);
  expect(curve.longestDrawdownUs).toBe(499);
});

test("a record with more points than fit is thinned", () => {
  const long = new EquityCurve({ capacity: 64, intervalUs: 10 });
  for (let index = 0; index < 50; index++) long.push(index * 10, index);
  const short = new EquityCurve({ capacity: 16 });
  short.restore(long.record());
  expect(short.length).toBeLessThanOrEqual(17);
  expect(short.at(short.length - 1)).toBe(49);
  short.push(10_000, 7);
  expect(short.at(short.length - 1)).toBe(7);
});

test("says which option is out of range", () => {
  expect(() => new EquityCurve({ capacity: 8 })).toThrow(InvalidInputError);
  expect(() => new EquityCurve({ intervalUs: 0 })).toThrow("intervalUs");
});
