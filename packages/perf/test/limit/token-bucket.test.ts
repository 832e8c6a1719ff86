import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { TokenBucket } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Admitted, expectWithinRate } from "./admitted.ts";

function setUp({ capacity, tokensPerSecond }: { capacity: number; tokensPerSecond: number }) {
  const clock = new ManualClock();
  let readings = 0;
  const counted = {
    monotonicNs: () => {
      readings += 1;
      return clock.monotonicNs();
    },
  };
  return { clock, bucket: new TokenBucket({ capacity, tokensPerSecond, clock: counted }), readings: () => readings };
}

test("returns one token per interval, however often it is polled", () => {
  const { clock, bucket } = setUp({ capacity: 3, tokensPerSecond: 10 });
  bucket.tryTake(3);
  for (let ms = 0; ms < 100; ms++) {
    expect(bucket.tryTake()).toBe(false);
    expect(bucket.waitMs()).toBe(100 - ms);
    clock.advance({ ms: 1 });
  }
  expect(bucket.tryTake()).toBe(true);
});

const bucketAndSteps = fc.record({
  capacity: fc.integer({ min: 1, max: 200 }),
  tokensPerSecond: fc.constantFrom(0.5, 3, 7, 100, 1000, 20_000),
  steps: fc.array(
    fc.record({
      // Mostly short gaps; sometimes long enough to fill any bucket, which is when a pocket could betray it.
      gapUs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1e5, max: 1e9 })),
      cost: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 200 })),
      times: fc.integer({ min: 1, max: 40 }),
      asksFirst: fc.boolean(),
    }),
    { maxLength: 60 },
  ),
});

test("never admits more than its capacity and rate in any stretch of time", () => {
  fc.assert(
    fc.property(bucketAndSteps, ({ capacity, tokensPerSecond, steps }) => {
      const { clock, bucket } = setUp({ capacity, tokensPerSecond });
      const admitted: Admitted[] = [];
      for (const { gapUs, cost, times, asksFirst } of steps) {
        clock.advance({ us: gapUs });
        if (cost > capacity) continue;
        if (asksFirst) bucket.waitMs(cost);
        for (let i = 0; i < times; i++) if (bucket.tryTake(cost)) admitted.push({ atNs: clock.monotonicNs(), cost });
      }
      expectWithinRate(admitted, { capacity, tokensPerSecond });
    }),
  );
});

test("refuses only what a bucket of fifteen sixteenths of its capacity would refuse after the same takes", () => {
  fc.assert(
    fc.property(bucketAndSteps, ({ capacity, tokensPerSecond, steps }) => {
      const { clock, bucket } = setUp({ capacity, tokensPerSecond });
      let level = (capacity * 15) / 16; // of the other bucket; in debt where ours admitted more
      for (const { gapUs, cost, times } of steps) {
        clock.advance({ us: gapUs });
        level = Math.min((capacity * 15) / 16, level + (gapUs * tokensPerSecond) / 1e6);
        if (cost > capacity) continue;
        for (let i = 0; i < times; i++) {
          if (bucket.tryTake(cost)) level -= cost;
          else expect(level).toBeLessThan(cost + 1e-6);
        }
      }
    }),
  );
});

test("waits exactly: refused until the promised millisecond, admitted in it", () => {
  fc.assert(
    fc.property(bucketAndSteps, ({ capacity, tokensPerSecond, steps }) => {
      const { clock, bucket } = setUp({ capacity, tokensPerSecond });
      for (const { gapUs, cost, times } of steps) {
        clock.advance({ us: gapUs });
        if (cost > capacity) continue;
        for (let i = 0; i < times; i++) bucket.tryTake(cost);
        const waitMs = bucket.waitMs(cost);
        if (waitMs === 0) {
          expect(bucket.tryTake(cost)).toBe(true);
          continue;
        }
        clock.advance({ ms: waitMs - 1 });
        expect(bucket.tryTake(cost)).toBe(false);
        clock.advance({ ms: 1 });
        expect(bucket.tryTake(cost)).toBe(true);
      }
    }),
  );
});

test("gives out every token of a long drain, to the last", () => {
  const { clock, bucket } = setUp({ capacity: 50, tokensPerSecond: 7 });
  let admitted = 0;
  for (let second = 0; second <= 10_000; second++) {
    while (bucket.tryTake()) admitted++;
    clock.advance({ ms: 1000 });
  }
  expect(admitted).toBe(50 + 7 * 10_000);
});

test("reads the clock once for each sixteenth of a large capacity, and each time for a small one", () => {
  const large = setUp({ capacity: 1600, tokensPerSecond: 1 });
  const before = large.readings();
  for (let i = 0; i < 1000; i++) expect(large.bucket.tryTake()).toBe(true);
  expect(large.readings() - before).toBe(10);
  const small = setUp({ capacity: 15, tokensPerSecond: 1 });
  for (let i = 0; i < 10; i++) small.bucket.tryTake();
  expect(small.readings()).toBe(1 + 10);
});

test("fills up to the whole capacity again once the pocket was looked into", () => {
  const { clock, bucket } = setUp({ capacity: 160, tokensPerSecond: 10 });
  for (let i = 0; i < 5; i++) bucket.tryTake(); // the last four from the pocket, at a time nobody wrote down
  clock.advance({ ms: 60_000 });
  expect(bucket.isIdle()).toBe(false);
  expect(bucket.waitMs(160)).toBe(400);
  clock.advance({ ms: 400 });
  expect(bucket.isIdle()).toBe(true);
  expect(bucket.tryTake(160)).toBe(true);
});

test("refuses options and costs outside their ranges", () => {
  const clock = new ManualClock();
  for (const capacity of [0, 2e9, Number.NaN]) {
    expect(() => new TokenBucket({ capacity, tokensPerSecond: 1, clock })).toThrow(InvalidInputError);
  }
  for (const tokensPerSecond of [0, -1, Number.POSITIVE_INFINITY]) {
    expect(() => new TokenBucket({ capacity: 1, tokensPerSecond, clock })).toThrow(InvalidInputError);
  }
  const { bucket } = setUp({ capacity: 160, tokensPerSecond: 1 });
  bucket.tryTake(); // fills the pocket
  for (const cost of [-1, 161, Number.NaN]) {
    expect(() => bucket.tryTake(cost)).toThrow(InvalidInputError);
    expect(() => bucket.waitMs(cost)).toThrow(InvalidInputError);
  }
});
