import fc from "fast-check";
import { expect, test } from "vitest";
import { SlidingWindow, TokenBucket, unitsUsed } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";

test("what a window holds is counted, until it is a window old", () => {
  const takes = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 6 }), cost: fc.integer({ min: 1, max: 5 }) }));
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 40 }), takes, (limit, steps) => {
      const clock = new ManualClock();
      const window = new SlidingWindow({ limit, windowMs: 10, clock });
      const taken: { atNs: number; cost: number }[] = [];
      for (const { gapMs, cost } of steps) {
        clock.advance({ ms: gapMs });
        if (window.tryTake(cost)) taken.push({ atNs: clock.monotonicNs(), cost });
        const young = taken.filter(({ atNs }) => clock.monotonicNs() - atNs < 10e6);
        expect(unitsUsed(window, limit)).toBe(young.reduce((sum, take) => sum + take.cost, 0));
      }
    }),
  );
});

test("an empty bucket has used all, and refills", () => {
  const clock = new ManualClock();
  const bucket = new TokenBucket({ capacity: 10, tokensPerSecond: 1_000, clock });
  expect(unitsUsed(bucket, 10)).toBe(0);
  bucket.tryTake(10);
  expect(unitsUsed(bucket, 10)).toBe(10);
  clock.advance({ ms: 4 });
  expect(unitsUsed(bucket, 10)).toBe(6);
});
