import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionSample } from "../src/observe/sample.ts";
import {
  addCounts,
  holds,
  SERVICE_TARGETS,
  ServiceTally,
  type ServiceTarget,
  toServiceLevel,
} from "../src/service-level.ts";
import { sampleOf } from "./alerts/sample.ts";

/** A second in which orders took so long, microseconds; none when left out. */
function second(executionUs?: number): SessionSample {
  const sample = sampleOf();
  if (executionUs === undefined) return sample;
  const now = {
    count: 5,
    mean: executionUs,
    p50: executionUs,
    p95: executionUs,
    p99: executionUs,
    p999: executionUs,
    max: executionUs,
  };
  return { ...sample, latency: { ...sample.latency, execution: { now, minute: now, total: now } } };
}

function levelsOf(samples: readonly SessionSample[], targets?: readonly ServiceTarget[]) {
  const tally = new ServiceTally(targets);
  for (const sample of samples) tally.add(sample);
  const level = toServiceLevel(tally.counts(), targets);
  return { level, of: (name: string) => level.targets.find((target) => target.name === name) };
}

test("a target's share is of the seconds that say anything of it", () => {
  const { of, level } = levelsOf([second(1_000), second(40_000), second(), second(), second(1_000)]);
  expect(of("execution-mean")).toMatchObject({ held: 2, counted: 3, share: 2 / 3, threshold: 20_000 });
  expect(of("execution-p99")).toMatchObject({ held: 3, counted: 3, share: 1 });
  expect(of("submission-mean")).toMatchObject({ held: 0, counted: 0, share: null });
  expect(of("memory")).toMatchObject({ held: 5, counted: 5, share: 1 });
  expect(level.all).toEqual({ held: 4, counted: 5, share: 0.8 });
});

test("a value at the limit is not within it", () => {
  expect(holds({ good: "less", threshold: 5 }, 5)).toBe(false);
  expect(holds({ good: "more", threshold: 5 }, 5)).toBe(false);
  expect(holds({ good: "more", threshold: 5 }, 5.1)).toBe(true);
});

test("what no second tells has no share, and nothing measured is no success", () => {
  const { level } = levelsOf([]);
  expect(level.all.share).toBeNull();
  expect(level.targets.every(({ share }) => share === null)).toBe(true);
});

test("targets have names of their own", () => {
  expect(new Set(SERVICE_TARGETS.map(({ name }) => name)).size).toBe(SERVICE_TARGETS.length);
});

test("counts of two parts of a session add up to those of the whole, and come apart again", () => {
  const samples = fc.array(fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }), { maxLength: 40 });
  const countsOf = (some: readonly (number | undefined)[]) => {
    const tally = new ServiceTally();
    for (const us of some) tally.add(second(us));
    return tally.counts();
  };
  fc.assert(
    fc.property(samples, samples, (first, rest) => {
      const whole = countsOf([...first, ...rest]);
      expect(addCounts(countsOf(first), countsOf(rest))).toEqual(whole);
      expect(addCounts(whole, countsOf(first), -1)).toEqual(countsOf(rest));
    }),
  );
});
