import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { PRIORITIES, type Priority, TakeQueue, WeightedBudget } from "../../src/limit/index.ts";
import { ManualClock } from "../../src/testing.ts";

const START_US = 1_767_225_600_000_000; // a whole minute

function setUp({ limit = 100, windowMs = 60_000, marginMs = 1000, startUs = START_US + 10e6 } = {}) {
  const clock = new ManualClock(startUs);
  return { clock, budget: new WeightedBudget({ limit, windowMs, marginMs, clock }) };
}

test("each priority stops at its share, so that reads leave room for cancels", () => {
  const { budget } = setUp();
  expect(budget.tryTake(70, "read")).toBe(true);
  expect(budget.tryTake(1, "read")).toBe(false);
  expect(budget.tryTake(20, "new")).toBe(true);
  expect(budget.tryTake(1, "new")).toBe(false);
  expect(budget.tryTake(5, "amend")).toBe(true);
  expect(budget.tryTake(1, "amend")).toBe(false);
  expect(budget.tryTake(5, "cancel")).toBe(true);
  expect(budget.tryTake(1, "cancel")).toBe(false);
  expect(budget.usedWeight()).toBe(100);
});

test("what weighs nothing passes also where the venue counts more than its share, but not during a pause", () => {
  const { clock, budget } = setUp();
  expect(budget.tryTake(10, "read")).toBe(true);
  budget.observe(120, budget.taken); // others use the same address
  for (const priority of PRIORITIES) {
    expect(budget.tryTake(0, priority)).toBe(true);
    expect(budget.waitMs(0, priority)).toBe(0);
    expect(budget.tryTake(1, priority)).toBe(false);
  }
  budget.blockUntil(clock.nowUs() + 5_000_000);
  expect(budget.tryTake(0, "cancel")).toBe(false);
  expect(budget.waitMs(0, "cancel")).toBe(5_000);
});

test("changed shares hold for later takes, and what was taken stays taken", () => {
  const { clock, budget } = setUp();
  expect(budget.shares).toEqual({ cancel: 1, amend: 0.95, new: 0.9, read: 0.7 });
  budget.tryTake(60, "read");
  budget.shares = { ...budget.shares, read: 0.5 };
  expect(budget.usedWeight()).toBe(60);
  expect(budget.tryTake(1, "read")).toBe(false);
  expect(budget.waitMs(1, "read")).toBe(51_000);
  expect(() => budget.tryTake(51, "read")).toThrow(InvalidInputError);
  expect(budget.tryTake(30, "new")).toBe(true);
  clock.advance({ ms: 51_000 });
  expect(budget.tryTake(50, "read")).toBe(true);
  budget.shares = { cancel: 1, amend: 1, new: 1, read: 0.8 };
  expect(budget.tryTake(30, "read")).toBe(true);
  expect(budget.tryTake(1, "read")).toBe(false);
});

test("a caller in a queue whose weight no longer fits its lowered share gets an error, and the next one its turn", async () => {
  const { clock, budget } = setUp();
  const queue = new TakeQueue({ source: budget, priorities: PRIORITIES, maxWaiting: 2, clock });
  budget.tryTake(70, "read");
  const large = queue.takeAs("read", 60);
  const small = queue.takeAs("read", 50);
  budget.shares = { ...budget.shares, read: 0.5 };
  clock.advance({ ms: 51_000 });
  await expect(large).rejects.toThrow(InvalidInputError);
  await small;
  expect(budget.usedWeight()).toBe(50);
});

test("refuses shares out of range or growing downwards, keeps those it has, and is not changed by a change to the object", () => {
  const { budget } = setUp();
  const mine = { cancel: 1, amend: 0.9, new: 0.8, read: 0.6 };
  budget.shares = mine;
  const wrong = [{ cancel: 1.1 }, { amend: Number.NaN }, { new: 0.95 }, { read: -0.1 }];
  for (const part of wrong)
    expect(() => {
      budget.shares = { ...mine, ...part };
    }).toThrow(InvalidInputError);
  mine.read = 0.1;
  expect(budget.shares).toEqual({ cancel: 1, amend: 0.9, new: 0.8, read: 0.6 });
  expect(budget.tryTake(60, "read")).toBe(true);
});

test("no window of the venue counts more than the limit, wherever within the margin requests arrive", () => {
  const takes = fc.array(
    fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
      weight: fc.integer({ min: 1, max: 8 }),
      priority: fc.constantFrom(...PRIORITIES),
      readShare: fc.double({ min: 0.4, max: 0.9, noNaN: true }), // the largest weight fits
      delay: fc.double({ min: -1, max: 1, noNaN: true }),
    }),
    { minLength: 20, maxLength: 300 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 250 }), takes, (marginMs, all) => {
      const { clock, budget } = setUp({ limit: 20, windowMs: 1000, marginMs });
      const counted = new Map<number, number>();
      for (const { gapMs, weight, priority, readShare, delay } of all) {
        clock.advance({ ms: gapMs });
        budget.shares = { ...budget.shares, read: readShare };
        if (!budget.tryTake(weight, priority)) continue;
        const window = Math.floor((clock.nowUs() + delay * marginMs * 1000) / 1e6);
        counted.set(window, (counted.get(window) ?? 0) + weight);
      }
      for (const weight of counted.values()) expect(weight).toBeLessThanOrEqual(20);
    }),
  );
});

test("uses the whole limit of every window when it waits as told", () => {
  const { clock, budget } = setUp({ limit: 20, windowMs: 1000, marginMs: 100, startUs: START_US + 100e3 });
  let admitted = 0;
  while (clock.nowUs() < START_US + 10e6) {
    if (budget.tryTake(1, "cancel")) admitted += 1;
    else clock.advance({ ms: budget.waitMs(1, "cancel") });
  }
  expect(admitted).toBe(200);
});

test("waits exactly until the weight fits", () => {
  const takes = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 1500 }),
      weight: fc.integer({ min: 0, max: 14 }),
      priority: fc.constantFrom<Priority>("cancel", "read"),
      readShare: fc.double({ min: 0.7, max: 0.9, noNaN: true }), // the largest weight fits
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 250 }), takes, (marginMs, all) => {
      const { clock, budget } = setUp({ limit: 20, windowMs: 1000, marginMs });
      for (const { gapMs, weight, priority, readShare } of all) {
        clock.advance({ ms: gapMs });
        budget.shares = { ...budget.shares, read: readShare };
        const waitMs = budget.waitMs(weight, priority);
        if (waitMs > 0) {
          clock.advance({ ms: waitMs - 1 });
          expect(budget.tryTake(weight, priority)).toBe(false);
          clock.advance({ ms: 1 });
        }
        expect(budget.tryTake(weight, priority)).toBe(true);
      }
    }),
  );
});

test("near the edge a take counts in both windows", () => {
  const { clock, budget } = setUp({ startUs: START_US + 59_500_000 });
  expect(budget.tryTake(60, "cancel")).toBe(true);
  clock.advance({ ms: 5000 });
  expect(budget.usedWeight()).toBe(60);
  expect(budget.waitMs(41, "cancel")).toBe(56_500);
  clock.advance({ ms: 60_000 });
  expect(budget.usedWeight()).toBe(0);
});

test("learns a higher count from the venue, and adds what was sent since", () => {
  const { budget } = setUp();
  budget.tryTake(5, "read");
  const takenAtSend = budget.taken;
  budget.tryTake(10, "new");
  budget.observe(45, takenAtSend); // 40 of others
  expect(budget.usedWeight()).toBe(55);
});

test("never believes a lower count", () => {
  const { budget } = setUp();
  budget.tryTake(5, "read");
  const takenAtSend = budget.taken;
  budget.tryTake(20, "new");
  budget.observe(5, takenAtSend);
  expect(budget.usedWeight()).toBe(25);
  budget.observe(0, budget.taken);
  expect(budget.usedWeight()).toBe(25);
});

test("a correction is believed when it is lower, too, and what was sent since comes on top", () => {
  const { budget } = setUp();
  budget.tryTake(50, "new");
  const takenAtSend = budget.taken;
  budget.tryTake(10, "new");
  budget.correct(4, takenAtSend);
  expect(budget.usedWeight()).toBe(14);
  budget.correct(70, budget.taken);
  expect(budget.usedWeight()).toBe(70);
  expect(() => budget.correct(1, budget.taken + 1)).toThrow(InvalidInputError);
});

test("a correction that may be of another window is ignored", () => {
  const { budget, clock } = setUp();
  budget.tryTake(50, "new");
  const takenAtSend = budget.taken;
  clock.advance({ ms: 60_000 });
  budget.tryTake(10, "new");
  budget.correct(0, takenAtSend);
  expect(budget.usedWeight()).toBe(10);
});

test("a changed limit holds for later takes, and one out of range changes nothing", () => {
  const { budget } = setUp();
  budget.tryTake(80, "cancel");
  budget.limit = 90;
  expect([budget.tryTake(11, "cancel"), budget.tryTake(10, "cancel")]).toEqual([false, true]);
  expect(() => {
    budget.limit = 0;
  }).toThrow(InvalidInputError);
  expect(budget.limit).toBe(90);
});

test("the count is never below what a venue that counts in order has counted and will count of what is on the way", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("send" as const), weight: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant("others" as const), weight: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant("count" as const) }),
      fc.record({ kind: fc.constant("reply" as const) }),
    ),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const { budget } = setUp({ limit: 100_000 });
      const onTheWay: { weight: number; takenAtSend: number }[] = [];
      const replies: { used: number; takenAtSend: number; others: number }[] = [];
      let venueUsed = 0;
      let others = 0; // as far as a reply has told of them
      let othersNow = 0;
      for (const step of all) {
        if (step.kind === "send" && budget.tryTake(step.weight, "new")) {
          onTheWay.push({ weight: step.weight, takenAtSend: budget.taken });
        } else if (step.kind === "others") {
          venueUsed += step.weight;
          othersNow += step.weight;
        } else if (step.kind === "count") {
          const request = onTheWay.shift();
          if (request === undefined) continue;
          venueUsed += request.weight;
          replies.push({ used: venueUsed, takenAtSend: request.takenAtSend, others: othersNow });
        } else if (step.kind === "reply") {
          const reply = replies.shift();
          if (reply === undefined) continue;
          budget.observe(reply.used, reply.takenAtSend);
          others = reply.others;
        }
        expect(budget.usedWeight()).toBe(budget.taken + others);
      }
    }),
  );
});

test("ignores a count that may be of another window", () => {
  const { clock, budget } = setUp({ startUs: START_US + 58e6 });
  budget.tryTake(5, "read");
  const takenBefore = budget.taken;
  clock.advance({ ms: 5000 });
  budget.tryTake(1, "read");
  budget.observe(90, takenBefore);
  expect(budget.usedWeight()).toBe(1);
  budget.observe(30, budget.taken);
  expect(budget.usedWeight()).toBe(30);
  clock.advance({ ms: 56_500 }); // into the margin
  budget.tryTake(1, "read");
  budget.observe(99, budget.taken);
  expect(budget.usedWeight()).toBe(31);
});

test("gives weight back only in its window and while no count of the venue may include it", () => {
  const { clock, budget } = setUp();
  budget.tryTake(10, "new");
  budget.refund(10, budget.taken);
  expect(budget.usedWeight()).toBe(0);
  budget.tryTake(10, "new");
  const first = budget.taken;
  budget.tryTake(5, "new");
  budget.observe(15, budget.taken);
  budget.refund(10, first);
  expect(budget.usedWeight()).toBe(15);
  const unsent = budget.taken;
  clock.advance({ ms: 60_000 });
  budget.tryTake(1, "new");
  budget.refund(5, unsent);
  expect(budget.usedWeight()).toBe(1);
});

test("a block refuses everything until its time, and a shorter one does not shorten it", () => {
  const { clock, budget } = setUp();
  budget.blockUntil(clock.nowUs() + 5e6);
  budget.blockUntil(clock.nowUs() + 2e6);
  expect(budget.tryTake(1, "cancel")).toBe(false);
  expect(budget.waitMs(1, "cancel")).toBe(5000);
  clock.advance({ ms: 5000 });
  expect(budget.tryTake(1, "cancel")).toBe(true);
});

test("a clock that is set back carries what was used into the window it comes to", () => {
  let nowUs = START_US + 70e6;
  const budget = new WeightedBudget({ limit: 100, windowMs: 60_000, clock: { nowUs: () => nowUs } });
  budget.tryTake(60, "new");
  nowUs -= 30e6;
  expect(budget.tryTake(41, "cancel")).toBe(false);
  nowUs += 30e6;
  expect(budget.tryTake(41, "cancel")).toBe(false);
  nowUs += 60e6;
  expect(budget.tryTake(100, "cancel")).toBe(true);
});

test("refuses options and weights outside their ranges", () => {
  const clock = new ManualClock();
  const make = (options: object) => () => new WeightedBudget({ limit: 100, windowMs: 1000, clock, ...options });
  expect(make({ limit: 0 })).toThrow(InvalidInputError);
  expect(make({ windowMs: 5 })).toThrow(InvalidInputError);
  expect(make({ marginMs: 251 })).toThrow(InvalidInputError);
  expect(make({ shares: { cancel: 1, amend: 0.5, new: 0.6, read: 0.1 } })).toThrow(InvalidInputError);
  const { budget } = setUp();
  for (const weight of [-1, 1.5, 71]) expect(() => budget.tryTake(weight, "read")).toThrow(InvalidInputError);
  expect(() => budget.observe(-1, 0)).toThrow(InvalidInputError);
  expect(() => budget.observe(1, 1)).toThrow(InvalidInputError);
  expect(() => budget.refund(1, 0)).toThrow(InvalidInputError);
  expect(() => budget.blockUntil(-1)).toThrow(InvalidInputError);
});
