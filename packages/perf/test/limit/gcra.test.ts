import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { Gcra } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Admitted, expectWithinRate } from "./admitted.ts";

function setUp({ slots = 1, capacity = 3, tokensPerSecond = 10 } = {}) {
  const clock = new ManualClock();
  return { clock, gcra: new Gcra({ slots, capacity, tokensPerSecond, clock }) };
}

test("keeps every slot within its own capacity and rate, and admits the whole burst", () => {
  const takes = fc.array(
    fc.record({
      slot: fc.integer({ min: 0, max: 2 }),
      gapUs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1e5, max: 1e8 })),
      cost: fc.constantFrom(1, 1, 1, 2, 0.3),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 20 }),
      fc.constantFrom(3, 700, 9999),
      takes,
      (capacity, tokensPerSecond, all) => {
        const { clock, gcra } = setUp({ slots: 3, capacity, tokensPerSecond });
        const admitted: Admitted[][] = [[], [], []];
        const levels = [capacity, capacity, capacity]; // of exact buckets: ours may be below, but not by a token
        for (const { slot, gapUs, cost } of all) {
          clock.advance({ us: gapUs });
          for (let i = 0; i < 3; i++) {
            levels[i] = Math.min(capacity, (levels[i] as number) + (gapUs * tokensPerSecond) / 1e6);
          }
          if (gcra.tryTake(slot, cost)) {
            levels[slot] = (levels[slot] as number) - cost;
            admitted[slot]?.push({ atNs: clock.monotonicNs(), cost });
          } else {
            expect(levels[slot]).toBeLessThan(cost + 0.01);
          }
        }
        for (const ofSlot of admitted) expectWithinRate(ofSlot, { capacity, tokensPerSecond });
      },
    ),
  );
});

test("waits exactly as long as one token needs", () => {
  const { clock, gcra } = setUp();
  for (let i = 0; i < 3; i++) expect(gcra.tryTake(0)).toBe(true);
  expect(gcra.tryTake(0)).toBe(false);
  expect(gcra.waitMs(0)).toBe(100);
  expect(gcra.waitMs(0, 3)).toBe(300);
  clock.advance({ ms: 100 });
  expect(gcra.tryTake(0)).toBe(true);
});

test("a slot as a limiter of its own shares the slot's tokens", () => {
  const { gcra } = setUp({ slots: 2 });
  const limiter = gcra.of(1);
  expect(limiter.tryTake(3)).toBe(true);
  expect(gcra.tryTake(1)).toBe(false);
  expect(limiter.waitMs()).toBe(100);
  expect(gcra.tryTake(0)).toBe(true);
});

test("refuses slots that do not exist and values outside their ranges", () => {
  const { clock, gcra } = setUp({ slots: 2 });
  for (const slot of [-1, 2, 0.5]) {
    expect(() => gcra.tryTake(slot)).toThrow(InvalidInputError);
    expect(() => gcra.of(slot)).toThrow(InvalidInputError);
  }
  for (const cost of [-1, 4, Number.NaN]) expect(() => gcra.waitMs(0, cost)).toThrow(InvalidInputError);
  expect(() => new Gcra({ slots: 1, capacity: 1.5, tokensPerSecond: 1, clock })).toThrow(InvalidInputError);
  expect(() => new Gcra({ slots: 1, capacity: 1, tokensPerSecond: 2e6, clock })).toThrow(InvalidInputError);
});
