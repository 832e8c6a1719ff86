import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { KeyedLimiter, TokenBucket } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Admitted, expectWithinRate } from "./admitted.ts";

function setUp({ maxKeys = 2, capacity = 2, tokensPerSecond = 10 } = {}) {
  const clock = new ManualClock();
  const limiter = new KeyedLimiter({
    limiters: { order: () => new TokenBucket({ capacity: 1, tokensPerSecond: 1, clock }) },
    createDefault: () => new TokenBucket({ capacity, tokensPerSecond, clock }),
    maxKeys,
  });
  return { clock, limiter };
}

test("limits listed keys by their own limiter and each other key by the default", () => {
  const { limiter } = setUp();
  expect([limiter.tryTake("order"), limiter.tryTake("order")]).toEqual([true, false]);
  expect([limiter.tryTake("a"), limiter.tryTake("a"), limiter.tryTake("a")]).toEqual([true, true, false]);
  expect(limiter.tryTake("b")).toBe(true);
  expect(limiter.waitMs("order")).toBe(1000);
  expect(limiter.waitMs("a")).toBe(100);
  expect(limiter.size).toBe(2);
});

test("no key exceeds its limit, however many keys come and go", () => {
  const takes = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 12 }), gapMs: fc.constantFrom(0, 0, 1, 20, 100, 500) }),
    { maxLength: 400 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 3, 32), takes, (maxKeys, capacity, all) => {
      const { clock, limiter } = setUp({ maxKeys, capacity });
      const admitted = new Map<number, Admitted[]>();
      for (const { key, gapMs } of all) {
        clock.advance({ ms: gapMs });
        if (!limiter.tryTake(String(key))) continue;
        admitted.set(key, [...(admitted.get(key) ?? []), { atNs: clock.monotonicNs(), cost: 1 }]);
        expect(limiter.size).toBeLessThanOrEqual(maxKeys);
      }
      for (const ofKey of admitted.values()) expectWithinRate(ofKey, { capacity, tokensPerSecond: 10 });
    }),
  );
});

test("keys beyond the bound share one limiter while no other is idle, and get their own afterwards", () => {
  const { clock, limiter } = setUp({ maxKeys: 2, capacity: 2, tokensPerSecond: 10 });
  for (const key of ["a", "b"]) limiter.tryTake(key);
  expect([limiter.tryTake("c"), limiter.tryTake("d"), limiter.tryTake("c")]).toEqual([true, true, false]);
  clock.advance({ ms: 1000 });
  expect([limiter.tryTake("c", 2), limiter.tryTake("d", 2)]).toEqual([true, true]);
  expect(limiter.size).toBe(2);
});

test("a key that spent from the shared limiter gets no fresh one before that is forgotten there", () => {
  const { clock, limiter } = setUp({ maxKeys: 1, capacity: 2, tokensPerSecond: 10 });
  limiter.tryTake("a", 1);
  expect(limiter.tryTake("b", 2)).toBe(true);
  clock.advance({ ms: 100 }); // "a" may go, but "b" has only one token back
  expect(limiter.tryTake("b", 2)).toBe(false);
});

test("a key as a limiter of its own stays right when the key was forgotten", () => {
  const { clock, limiter } = setUp({ maxKeys: 1 });
  const a = limiter.of("a");
  expect(a.tryTake(2)).toBe(true);
  clock.advance({ ms: 1000 });
  limiter.tryTake("b", 2); // takes the place of "a"
  expect(a.tryTake(2)).toBe(true); // of the shared one
  expect(a.waitMs()).toBe(100);
});

test("refuses a bound that is not a whole number of at least one", () => {
  for (const maxKeys of [0, 1.5, 2e6]) expect(() => setUp({ maxKeys })).toThrow(InvalidInputError);
});
