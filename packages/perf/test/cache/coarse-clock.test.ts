import { expect, test } from "vitest";
import { CoarseClock } from "../../src/cache/coarse-clock.ts";
import { ManualClock } from "../../src/testing.ts";

test("keeps a reading until its time has passed, and arms no timer before the next one", async () => {
  const clock = new ManualClock();
  const coarse = new CoarseClock(clock, 1);
  expect(clock.sleeping).toBe(0);
  coarse.nowMs();
  clock.advance({ us: 900 });
  expect(coarse.nowMs()).toBe(0);
  clock.advance({ us: 100 });
  await Promise.resolve();
  expect(clock.sleeping).toBe(0);
  expect(coarse.nowMs()).toBe(1);
  expect(clock.sleeping).toBe(1);
});

test("is exact, without a timer, when told to be", () => {
  const clock = new ManualClock();
  const coarse = new CoarseClock(clock, 0);
  coarse.nowMs();
  clock.advance({ ms: 1, us: 999 });
  expect(coarse.nowMs()).toBe(1);
  expect(coarse.exactMs()).toBe(1.999);
  expect(clock.sleeping).toBe(0);
});
