import { createRandom } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { type HawkesRules, meanRate, nextArrival } from "../../src/models/hawkes.ts";

function arrivals(rules: HawkesRules, seconds: number, seed = 1): number[] {
  const random = createRandom(seed);
  const times: number[] = [];
  let excited = 0;
  for (let now = 0; now < seconds; ) {
    const next = nextArrival(rules, excited, random);
    now += next.seconds;
    excited = next.excited;
    times.push(now);
  }
  return times;
}

/** Variance of the counts in windows, as a part of their mean: 1 for arrivals that know nothing of each other. */
function dispersion(times: readonly number[], window: number): number {
  const counts = new Array<number>(Math.floor(times.at(-1)! / window)).fill(0);
  for (const time of times) if (time < counts.length * window) counts[Math.floor(time / window)]!++;
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
}

describe("a Hawkes process", () => {
  test("arrives as often as its rules say, in the long run", () => {
    const rules = { base: 10, branching: 0.5, decay: 4 };
    expect(meanRate(rules)).toBe(20);
    expect(arrivals(rules, 2_000).length / 2_000).toBeCloseTo(20, 0);
  });

  test("comes in clusters, and without branching it does not", () => {
    const clustered = dispersion(arrivals({ base: 10, branching: 0.6, decay: 2 }, 1_000), 5);
    const plain = dispersion(arrivals({ base: 25, branching: 0, decay: 2 }, 1_000), 5);
    expect(plain).toBeGreaterThan(0.7);
    expect(plain).toBeLessThan(1.4);
    expect(clustered).toBeGreaterThan(3); // in the long run 1 / (1 - 0.6)^2
  });

  test("is the same for the same seed", () => {
    const rules = { base: 10, branching: 0.5, decay: 4 };
    expect(arrivals(rules, 20, 7)).toEqual(arrivals(rules, 20, 7));
    expect(arrivals(rules, 20, 8)).not.toEqual(arrivals(rules, 20, 7));
  });
});
