import fc from "fast-check";
import { expect, test } from "vitest";
import { type Behind, SteadyTime } from "../../src/journal/steady-time.ts";

const HOUR_US = 3_600_000_000;
const START_US = 1_767_225_600_000_000;

/** A wall clock that can be set, beside one that cannot. */
function setUp() {
  let elapsedUs = 0;
  let setByUs = 0;
  const told: Behind[] = [];
  const clock = { nowUs: () => START_US + elapsedUs + setByUs, monotonicNs: () => elapsedUs * 1000 };
  const time = new SteadyTime(clock, 0, (behind) => told.push(behind));
  return {
    time,
    told,
    clock,
    pass: (us: number) => {
      elapsedUs += us;
    },
    set: (us: number) => {
      setByUs += us;
    },
  };
}

test("an hour back: time goes on at seven eighths of its pace, until the clock has caught up", () => {
  const { time, told, pass, set, clock } = setUp();
  pass(1_000_000);
  const before = time.nowUs();
  set(-HOUR_US);
  expect(time.nowUs()).toBe(before);
  pass(800_000);
  expect(time.nowUs() - before).toBe(700_000);
  pass(8 * HOUR_US - 800_000 - 8);
  expect(time.nowUs()).toBeGreaterThan(clock.nowUs());
  pass(8);
  expect(time.nowUs()).toBe(clock.nowUs());
  expect(told.map(({ behindUs }) => behindUs)).toEqual([HOUR_US]);
});

test("each further second back is told, and each new fall", () => {
  const { time, told, pass, set } = setUp();
  time.nowUs();
  for (const us of [-3000, -3000, -2_000_000]) {
    set(us);
    time.nowUs();
  }
  set(3_000_000);
  pass(1);
  time.nowUs();
  set(-5000);
  time.nowUs();
  expect(told.map(({ behindUs }) => behindUs)).toEqual([3000, 2_006_000, 5000]);
});

test("whatever the clock does, time never goes back, is in whole microseconds and never stands still for long", () => {
  const step = fc.record({ pass: fc.integer({ min: 100, max: 10_000_000 }), set: fc.integer({ min: -1e8, max: 1e8 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const { time, pass, set } = setUp();
      let last = time.nowUs();
      for (const [index, { pass: us, set: by }] of steps.entries()) {
        if (index % 3 === 0) {
          set(by);
          time.nowUs(); // seen at once
        }
        last = time.nowUs();
        pass(us);
        const now = time.nowUs();
        expect(Number.isInteger(now)).toBe(true);
        expect(now - last).toBeGreaterThanOrEqual(Math.floor((us * 7) / 8) - 1);
      }
    }),
  );
});
