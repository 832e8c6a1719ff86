import { getEventListeners, setMaxListeners } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import {
  LimiterQueueFullError,
  PRIORITIES,
  SlidingWindow,
  TakeQueue,
  type TakeSource,
  TokenBucket,
  WeightedBudget,
} from "../../src/limit/index.ts";
import { ManualClock, seededRandom } from "../../src/testing.ts";
import { type Admitted, expectWithinRate, mostInAnyWindow } from "./admitted.ts";

/** Lets everything run that waits for no timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function setUp({ capacity = 1, tokensPerSecond = 100, maxWaiting = 100 } = {}) {
  const clock = new ManualClock();
  const bucket = new TokenBucket({ capacity, tokensPerSecond, clock });
  const queue = new TakeQueue({ source: bucket, priorities: ["urgent", "normal"], maxWaiting, clock });
  const order: string[] = [];
  const take = (
    name: string,
    { cost = 1, priority = "normal" as "urgent" | "normal", signal = new AbortController().signal } = {},
  ) => Promise.resolve(queue.takeAs(priority, cost, signal)).then(() => order.push(name));
  const advance = async (ms: number) => {
    clock.advance({ ms });
    await settle();
  };
  return { clock, bucket, queue, order, take, advance };
}

test("what is free is taken without a promise, what is not waits for its time", async () => {
  const { queue, advance } = setUp();
  expect(queue.take()).toBeUndefined();
  let isTaken = false;
  const waiting = queue.take()?.then(() => {
    isTaken = true;
  });
  await advance(9);
  expect(isTaken).toBe(false);
  await advance(1);
  expect(isTaken).toBe(true);
  await waiting;
  expect(queue.waiting).toBe(0);
});

test("serves first come first served, and a higher priority before all lower ones", async () => {
  const { order, take, advance, queue } = setUp();
  queue.take();
  for (const name of ["a", "b", "c"]) take(name);
  take("u", { priority: "urgent" });
  for (let i = 0; i < 4; i++) await advance(10);
  expect(order).toEqual(["u", "a", "b", "c"]);
});

test("a large cost at the head holds up the small ones behind it", async () => {
  const { order, take, advance, queue } = setUp({ capacity: 10 });
  queue.take(10);
  take("large", { cost: 8 });
  take("small");
  await advance(70);
  expect(order).toEqual([]);
  await advance(10);
  expect(order).toEqual(["large"]);
  await advance(10);
  expect(order).toEqual(["large", "small"]);
});

test("a new head is woken at its own time, not at that of the one it overtakes", async () => {
  const { order, take, advance, queue } = setUp({ capacity: 10 });
  queue.take(10);
  take("large", { cost: 10 });
  await settle();
  take("urgent", { priority: "urgent" });
  await advance(10);
  expect(order).toEqual(["urgent"]);
  await advance(100);
  expect(order).toEqual(["urgent", "large"]);
});

test("whoever aborts leaves at once, wherever in the line, and the others keep their order", async () => {
  const { order, take, advance, queue, clock } = setUp({ capacity: 10 });
  queue.take(10);
  const stop = new AbortController();
  const head = take("head", { cost: 10, signal: stop.signal });
  take("a");
  const middle = take("middle", { signal: stop.signal });
  take("b");
  expect(queue.waiting).toBe(4);
  stop.abort(new Error("enough"));
  await expect(head).rejects.toThrow("enough");
  await expect(middle).rejects.toThrow("enough");
  expect(queue.waiting).toBe(2);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  await advance(20);
  expect(order).toEqual(["a", "b"]);
  expect(clock.sleeping).toBe(0);
  expect(() => queue.take(1, stop.signal)).toThrow("enough");
});

test("keeps no timer and no listener when nobody waits any more", async () => {
  const { queue, clock, advance } = setUp();
  const stop = new AbortController();
  queue.take();
  const granted = queue.take(1, stop.signal);
  await advance(10);
  await granted;
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  const aborted = queue.take(1, stop.signal);
  await settle();
  expect(clock.sleeping).toBe(1);
  stop.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  await settle();
  expect(clock.sleeping).toBe(0);
});

test("refuses more callers than it was made for, each priority by itself", async () => {
  const { queue, advance } = setUp({ maxWaiting: 2 });
  queue.take();
  const waiting = [queue.take(), queue.take()];
  expect(() => queue.take()).toThrow(LimiterQueueFullError);
  waiting.push(queue.takeAs("urgent", 1));
  for (let i = 0; i < 3; i++) await advance(10);
  await Promise.all(waiting);
  queue.take();
});

test("refuses what can never be admitted, at once or when its turn comes, and serves the others", async () => {
  const { queue, advance, order, take } = setUp({ capacity: 2 });
  expect(() => queue.take(3)).toThrow(InvalidInputError);
  expect(() => queue.takeAs("other" as "urgent", 1)).toThrow(InvalidInputError);
  queue.take(2);
  take("a");
  const tooLarge = expect(take("too large", { cost: 3 })).rejects.toThrow(InvalidInputError);
  take("b");
  await advance(10);
  await advance(10);
  await tooLarge;
  expect(order).toEqual(["a", "b"]);
  const clock = { sleep: async () => {} };
  const source = new TokenBucket({ capacity: 1, tokensPerSecond: 1, clock: new ManualClock() });
  expect(() => new TakeQueue({ source, maxWaiting: 0, clock })).toThrow(InvalidInputError);
  expect(() => new TakeQueue({ source, maxWaiting: 1, priorities: [], clock })).toThrow(InvalidInputError);
});

/** `callers` at once on `source` for `forMs`, on a clock whose timers come up to `lateMs` late: who was admitted when. */
async function runBacklog(
  create: (clock: ManualClock) => TakeSource<string>,
  { callers, forMs, lateMs, seed }: { callers: number; forMs: number; lateMs: number; seed: number },
) {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  let timers = 0;
  const late = {
    sleep: (ms: number, signal?: AbortSignal) => {
      timers += 1;
      return clock.sleep(ms + random.next() * lateMs, signal);
    },
  };
  const queue = new TakeQueue({ source: create(clock), maxWaiting: callers, clock: late });
  const admitted: Admitted[] = [];
  const admit = () => admitted.push({ atNs: clock.monotonicNs(), cost: 1 });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const waits: Promise<unknown>[] = [];
  for (let i = 0; i < callers; i++) {
    const waiting = queue.take(1, stop.signal);
    if (waiting === undefined) admit();
    else waits.push(waiting.then(admit, () => {}));
  }
  for (let us = 0; us < forMs * 1000; us += 500) {
    clock.advance({ us: 500 });
    for (let i = 0; i < 6; i++) await Promise.resolve();
  }
  stop.abort();
  await Promise.all(waits);
  return { admitted, timers };
}

test("a bucket at 100/s for 10 s is never over, and loses nothing to timers as late as its spare capacity covers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 9 }), async (seed, lateMs) => {
      const limit = { capacity: 2, tokensPerSecond: 100 };
      const run = { callers: 1100, forMs: 10_000, lateMs, seed };
      const { admitted } = await runBacklog((clock) => new TokenBucket({ ...limit, clock }), run);
      expectWithinRate(admitted, limit);
      expect(admitted.length).toBeLessThanOrEqual(2 + 1000);
      expect(admitted.length).toBeGreaterThanOrEqual(1000); // the last two may be due and their timer late
    }),
    { numRuns: 8 },
  );
});

test("a window of 100 a second for 10 s is never over, and under by less than 1 % with timers up to 8 ms late", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
      const run = { callers: 1100, forMs: 9_999, lateMs: 8, seed };
      const { admitted } = await runBacklog((clock) => new SlidingWindow({ limit: 100, windowMs: 1000, clock }), run);
      expect(mostInAnyWindow(admitted, 1e9)).toBeLessThanOrEqual(100);
      expect(admitted.length).toBeLessThanOrEqual(1000);
      expect(admitted.length).toBeGreaterThan(990);
    }),
    { numRuns: 5 },
  );
});

test("at 20,000/s one timer serves all who are due, and nobody's token is lost", async () => {
  const limit = { capacity: 500, tokensPerSecond: 20_000 };
  const run = { callers: 25_000, forMs: 1000, lateMs: 20, seed: 1 };
  const { admitted, timers } = await runBacklog((clock) => new TokenBucket({ ...limit, clock }), run);
  expectWithinRate(admitted, limit);
  expect(admitted.length).toBeGreaterThan(500 + 20_000 - 22 * 20); // what the last timer still owes
  expect(timers).toBeLessThan(500);
});

test("puts cancels before reads on a weighted budget, when its window turns", async () => {
  const clock = new ManualClock();
  const budget = new WeightedBudget({ limit: 10, windowMs: 1000, marginMs: 0, clock });
  const queue = new TakeQueue({ source: budget, priorities: PRIORITIES, maxWaiting: 10, clock });
  const order: string[] = [];
  const take = (priority: (typeof PRIORITIES)[number], cost: number) =>
    Promise.resolve(queue.takeAs(priority, cost)).then(() => order.push(priority));
  take("cancel", 10);
  take("read", 7);
  take("new", 1);
  take("cancel", 1);
  clock.advance({ ms: 1000 });
  await settle();
  expect(order).toEqual(["cancel", "cancel", "new"]); // 7 more would go beyond the 7 that reads may fill
  clock.advance({ ms: 1000 });
  await settle();
  expect(order).toEqual(["cancel", "cancel", "new", "read"]);
});

/** A source that is asked by promises, each answered by hand. */
function setUpSlow() {
  const clock = new ManualClock();
  const asked: { readonly cost: number; answer(taken: boolean): void; fail(error: Error): void }[] = [];
  const source: TakeSource<string> = {
    tryTake: (cost) =>
      new Promise((resolve, reject) => {
        asked.push({ cost, answer: resolve, fail: reject });
      }),
    waitMs: async () => 5,
  };
  return { clock, asked, queue: new TakeQueue({ source, maxWaiting: 10, clock }) };
}

test("asks a source that answers by promises for one caller at a time, and again when it may have room", async () => {
  const { clock, asked, queue } = setUpSlow();
  const order: number[] = [];
  for (const cost of [1, 2]) queue.take(cost)?.then(() => order.push(cost));
  expect(asked.map(({ cost }) => cost)).toEqual([1]);
  asked[0]?.answer(false);
  await settle();
  clock.advance({ ms: 5 });
  await settle();
  expect(asked.map(({ cost }) => cost)).toEqual([1, 1]);
  asked[1]?.answer(true);
  await settle();
  expect(order).toEqual([1]);
  asked[2]?.answer(true);
  await settle();
  expect(order).toEqual([1, 2]);
});

test("tells a failure of the source to the caller it was asked for, and asks again for the next", async () => {
  const { asked, queue } = setUpSlow();
  const first = queue.take();
  const second = queue.take();
  asked[0]?.fail(new Error("no connection"));
  await expect(first).rejects.toThrow("no connection");
  await settle();
  asked[1]?.answer(true);
  await second;
  expect(queue.waiting).toBe(0);
});

test("an abort while the source is asked is heard at once", async () => {
  const { asked, queue } = setUpSlow();
  const stop = new AbortController();
  const first = queue.take(1, stop.signal);
  const second = queue.take();
  stop.abort(new Error("enough"));
  await expect(first).rejects.toThrow("enough");
  asked[0]?.answer(true); // spent for nobody
  await settle();
  asked[1]?.answer(true);
  await second;
});
