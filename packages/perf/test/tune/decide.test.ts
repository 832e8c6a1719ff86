import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/testing.ts";
import { decide, type Pair, signedRankP, type TrialPlan } from "../../src/tune/index.ts";

const PLAN: TrialPlan = { goal: "min", minGain: 0.01, alpha: 0.01, looks: [6, 12] };

function pairsOf(count: number, incumbent: number, candidate: number): Pair[] {
  return Array.from({ length: count }, (_, i) => ({ incumbent: incumbent + i, candidate: candidate + i }));
}

/** The p-value by its definition: every one of the 2^n ways the coin could have fallen. */
function byEnumeration(differences: readonly number[]): number {
  const ranks = differences
    .map((difference, i) => [Math.abs(difference), i] as const)
    .sort((a, b) => a[0] - b[0])
    .reduce((all, [, i], rank) => all.set(i, rank + 1), new Map<number, number>());
  const rankOf = (i: number) => ranks.get(i) as number;
  const observed = differences.reduce((sum, difference, i) => sum + (difference > 0 ? rankOf(i) : 0), 0);
  let atLeast = 0;
  for (let coins = 0; coins < 2 ** differences.length; coins++) {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) if ((coins >> i) % 2 === 1) sum += rankOf(i);
    if (sum >= observed) atLeast++;
  }
  return atLeast / 2 ** differences.length;
}

test("the chance is that of the signed ranks, exactly", () => {
  const distinct = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(distinct, fc.infiniteStream(fc.boolean()), (magnitudes, signs) => {
      const differences = magnitudes.map((magnitude) => (signs.next().value ? magnitude : -magnitude));
      expect(signedRankP(differences)).toBeCloseTo(byEnumeration(differences), 12);
    }),
  );
});

test("known tails: all of six better is 1 in 64, all of forty-eight 1 in 2^48", () => {
  expect(signedRankP([1, 2, 3, 4, 5, 6])).toBe(1 / 64);
  expect(signedRankP(Array.from({ length: 48 }, (_, i) => i + 1))).toBe(2 ** -48);
  expect(signedRankP([-1, -2, -3])).toBe(1);
});

test("zeros and ties never help", () => {
  expect(signedRankP([0, 0, 0, 0])).toBe(1);
  const ties = [3, 3, 3, -3, 3, 3];
  expect(signedRankP(ties)).toBeGreaterThanOrEqual(signedRankP([3.1, 3.2, 3.3, -3, 3.4, 3.5]));
});

test("keeps a clear gain at the first look that is sure enough, in either direction of the goal", () => {
  expect(decide(pairsOf(5, 1000, 900), PLAN).verdict).toBe("continue");
  expect(decide(pairsOf(6, 1000, 900), PLAN)).toMatchObject({ verdict: "continue", p: 1 / 64 });
  expect(decide(pairsOf(12, 1000, 900), PLAN)).toMatchObject({ verdict: "keep", p: 2 ** -12 });
  expect(decide(pairsOf(12, 900, 1000), { ...PLAN, goal: "max" }).verdict).toBe("keep");
  expect(decide(pairsOf(12, 1000, 900), PLAN).gain).toBeCloseTo(0.0995, 3);
});

test("ends at the first look when there is no gain at all, and at the last when it is uncertain or too small", () => {
  expect(decide(pairsOf(6, 900, 1000), PLAN).verdict).toBe("reject");
  expect(decide(pairsOf(12, 1000, 995), PLAN)).toMatchObject({ verdict: "reject", p: 1 });
});

test("on correlated, drifting windows of a setting that does nothing, keeps at most alpha of the trials", () => {
  const random = seededRandom(7);
  const plan: TrialPlan = { goal: "min", minGain: 0, alpha: 0.05, looks: [12, 24, 48] };
  let kept = 0;
  for (let trial = 0; trial < 2000; trial++) {
    const pairs: Pair[] = [];
    let noise = 0;
    let level = 1000;
    let verdict = "continue";
    while (verdict === "continue") {
      const figures = [0, 0].map(() => {
        noise = 0.95 * noise + random.normal();
        level += 5; // it gets slower all the time: second windows are worse
        return level + 30 * noise + random.exponential(20);
      }) as [number, number];
      const candidateFirst = random.next() < 0.5;
      pairs.push({ candidate: figures[candidateFirst ? 0 : 1], incumbent: figures[candidateFirst ? 1 : 0] });
      verdict = decide(pairs, plan).verdict;
    }
    if (verdict === "keep") kept++;
  }
  // 2,000 draws at 5 % or less: 130 would be three standard deviations above 100.
  expect(kept).toBeLessThan(130);
});
