import { seededRandom } from "@pitlane/perf/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterFailure, afterSuccess, costOf, nextWins, type Score, UNKNOWN } from "../../src/region/score.ts";

const rules = { alpha: 0.2, staleNs: 60e9 };
const challenge = { margin: 0.3, samples: 5 };

/** As two probed endpoints are compared: who is used after each pair of samples. */
function follow(pairs: readonly (readonly [number, number])[]): number[] {
  const scores: [Score, Score] = [UNKNOWN, UNKNOWN];
  const used: number[] = [];
  let present: 0 | 1 = 0;
  let wins = 0;
  pairs.forEach((pair, i) => {
    const nowNs = i * 5e9;
    for (const n of [0, 1] as const) scores[n] = afterSuccess(scores[n], pair[n], nowNs, rules);
    const other = present === 0 ? 1 : 0;
    wins = nextWins(wins, costOf(scores[other], nowNs, rules), costOf(scores[present], nowNs, rules), challenge);
    if (wins >= challenge.samples) {
      present = other;
      wins = 0;
    }
    used.push(present);
  });
  return used;
}

describe("a cost", () => {
  test("is the latency of an endpoint that is well and was just heard of", () => {
    expect(costOf(afterSuccess(UNKNOWN, 20, 0, rules), 0, rules)).toBe(20);
  });

  test("follows the latency smoothly", () => {
    let score = afterSuccess(UNKNOWN, 20, 0, rules);
    score = afterSuccess(score, 30, 0, rules);
    expect(score.latencyMs).toBe(22);
    score = afterSuccess(score, 2_000, 0, rules);
    expect(score.latencyMs).toBeCloseTo(26.4); // one hiccup counts as twice the latency before
    for (let i = 0; i < 40; i++) score = afterSuccess(score, 120, 0, rules);
    expect(score.latencyMs).toBeCloseTo(120, 0);
  });

  test("grows with failures, and forgets them with successes", () => {
    const well = afterSuccess(UNKNOWN, 20, 0, rules);
    let score = afterFailure(well, 0, rules);
    expect(score.latencyMs).toBe(20); // what fails at once is not fast
    expect(costOf(score, 0, rules)).toBeGreaterThan(2 * costOf(well, 0, rules));
    for (let i = 0; i < 40; i++) score = afterSuccess(score, 20, 0, rules);
    expect(costOf(score, 0, rules)).toBeCloseTo(20, 1);
  });

  test("grows with age, and without a latency has no bound", () => {
    const score = afterSuccess(UNKNOWN, 20, 0, rules);
    expect(costOf(score, 60e9, rules)).toBe(40);
    expect(costOf(UNKNOWN, 0, rules)).toBe(Number.POSITIVE_INFINITY);
    expect(costOf(afterFailure(UNKNOWN, 0, rules), 0, rules)).toBe(Number.POSITIVE_INFINITY);
  });

  test("is never less than zero, nor NaN", () => {
    const event = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant("failure" as const));
    fc.assert(
      fc.property(fc.array(event), fc.nat(1e9), (events, ageNs) => {
        const score = events.reduce<Score>(
          (last, it) => (it === "failure" ? afterFailure(last, 0, rules) : afterSuccess(last, it, 0, rules)),
          UNKNOWN,
        );
        expect(costOf(score, ageNs, rules)).toBeGreaterThan(0);
        expect(score.errorRate).toBeGreaterThanOrEqual(0);
        expect(score.errorRate).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("hysteresis", () => {
  test("never leaves while no latency is better than any other by the margin", () => {
    const latency = fc.double({ min: 70.01, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(latency, latency), { maxLength: 200 }), (pairs) => {
        expect(follow(pairs)).toEqual(pairs.map(() => 0));
      }),
    );
  });

  test("does not flap between equals, however noisy: each sample up to half as long again, one in fifty ten times", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const sample = () => (20 + 10 * random.next()) * (random.next() < 0.02 ? 10 : 1);
      const used = follow(Array.from({ length: 2_000 }, () => [sample(), sample()] as const));
      const changes = used.filter((now, i) => i > 0 && now !== used[i - 1]).length;
      expect(changes).toBe(0);
    }
  });

  test("leaves for one that stays better by more than the margin, once", () => {
    const steady = fc.tuple(
      fc.double({ min: 10, max: 1_000, noNaN: true }),
      fc.double({ min: 0.01, max: 0.69, noNaN: true }),
    );
    fc.assert(
      fc.property(steady, ([latencyMs, share]) => {
        const used = follow(Array.from({ length: 30 }, () => [latencyMs, latencyMs * share] as const));
        expect(used).toEqual(used.map((_, i) => (i < challenge.samples - 1 ? 0 : 1)));
      }),
    );
  });

  test("begins to count anew when a challenger was once not better", () => {
    expect(nextWins(4, 71, 100, challenge)).toBe(0);
    expect(nextWins(4, 69, 100, challenge)).toBe(5);
  });
});
