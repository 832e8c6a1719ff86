import fc from "fast-check";
import { expect, test } from "vitest";
import { type LoadPattern, toPhases } from "../../src/load/pattern.ts";
import { ArrivalSchedule, expectedArrivals } from "../../src/load/schedule.ts";
import type { Random } from "../../src/random.ts";
import { seededRandom } from "../../src/testing.ts";

/** All arrivals of a pattern's only phase, in milliseconds. */
function arrivalsMs(pattern: LoadPattern, random?: Pick<Random, "exponential">): number[] {
  const [segments = []] = toPhases(pattern);
  const schedule = new ArrivalSchedule(segments, random);
  const found: number[] = [];
  for (let atNs = schedule.next(); atNs !== Number.POSITIVE_INFINITY; atNs = schedule.next()) found.push(atNs / 1e6);
  return found;
}

test("spaces a constant load evenly from its start, without the end", () => {
  expect(arrivalsMs({ kind: "constant", perSecond: 4, durationMs: 1000 })).toEqual([0, 250, 500, 750]);
});

test("a ramp brings the calls nearer and nearer", () => {
  const found = arrivalsMs({ kind: "ramp", fromPerSecond: 0, toPerSecond: 10, durationMs: 1000 });
  // From 0 to 10 a second, t seconds bring 5 t^2 calls.
  expect(found).toHaveLength(5);
  for (const [k, atMs] of found.entries()) expect(atMs).toBeCloseTo(1000 * Math.sqrt(k / 5), 6);
  const falling = arrivalsMs({ kind: "ramp", fromPerSecond: 10, toPerSecond: 0, durationMs: 1000 });
  for (const [k, atMs] of falling.entries()) expect(atMs).toBeCloseTo(1000 * (1 - Math.sqrt(1 - k / 5)), 6);
});

test("a burst comes at the end of every interval, also of one cut short", () => {
  const found = arrivalsMs({
    kind: "burst",
    perSecond: 0,
    burstPerSecond: 100,
    burstMs: 20,
    everyMs: 100,
    durationMs: 290,
  });
  expect(found.map(Math.round)).toEqual([80, 90, 180, 190, 280]);
});

test("a step-until-failure load has a phase for each rate up to the highest", () => {
  const phases = toPhases({
    kind: "step-until-failure",
    fromPerSecond: 10,
    stepPerSecond: 20,
    toPerSecond: 55,
    stepMs: 500,
    until: {},
  });
  expect(phases.map((segments) => segments.map(({ fromPerSecond }) => fromPerSecond))).toEqual([[10], [30], [50]]);
});

const segment = fc.record({
  fromPerSecond: fc.double({ min: 0, max: 2000, noNaN: true }),
  toPerSecond: fc.double({ min: 0, max: 2000, noNaN: true }),
  durationMs: fc.double({ min: 1, max: 500, noNaN: true }),
});

test("even arrivals never go back, stay within the phase, and are as many as the rates say", () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
      const schedule = new ArrivalSchedule(segments);
      const endNs = segments.reduce((sum, { durationMs }) => sum + durationMs * 1e6, 0);
      const expected = segments.reduce((sum, each) => sum + expectedArrivals(each), 0);
      let count = 0;
      let lastNs = 0;
      for (let atNs = schedule.next(); atNs !== Number.POSITIVE_INFINITY; atNs = schedule.next()) {
        expect(atNs).toBeGreaterThanOrEqual(lastNs - 1); // 1 ns for rounding where segments meet
        expect(atNs).toBeLessThanOrEqual(endNs + 1);
        lastNs = atNs;
        count++;
      }
      expect(count).toBe(Math.ceil(expected));
    }),
  );
});

test("Poisson arrivals keep the mean rate and vary as independent ones do", () => {
  const perWindow = new Array<number>(1000).fill(0);
  const found = arrivalsMs({ kind: "constant", perSecond: 100, durationMs: 100_000 }, seededRandom(7));
  for (const atMs of found) perWindow[Math.floor(atMs / 100)]!++;
  const mean = found.length / 1000;
  const variance = perWindow.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 999;
  expect(mean).toBeGreaterThan(9.7); // three standard errors of 10 are 0.3
  expect(mean).toBeLessThan(10.3);
  expect(variance / mean).toBeGreaterThan(0.86); // 1 for a Poisson process, 0 for an even one; three standard errors are 0.134
  expect(variance / mean).toBeLessThan(1.14);
});
