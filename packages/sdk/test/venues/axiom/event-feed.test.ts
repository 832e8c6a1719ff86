import fc from "fast-check";
import { expect, test } from "vitest";
import { StreamOverflowError } from "../../../src/stream/overflow.ts";
import { EventFeed, type FeedOptions } from "../../../src/venues/axiom/event-feed.ts";
import { rejectionOf } from "../../support/rejection.ts";

type Event = number | string;

function setUp(options: Partial<FeedOptions<Event>> = {}) {
  let leaves = 0;
  const feed: EventFeed<Event> = new EventFeed<Event>(
    { onError: () => {}, ...options },
    (reason) => reason,
    async () => {
      leaves++;
      feed.end();
    },
  );
  return { feed, leaves: () => leaves };
}

test("what is read, and what is told to be dropped, is all that was pushed, in order", async () => {
  const steps = fc.array(fc.boolean(), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), steps, async (capacity, isPush) => {
      const { feed } = setUp({ overflow: { capacity } });
      const reader = feed.iterate();
      let pushed = 0;
      let next = 0; // the number that must come, if nothing was dropped
      let waits = 0;
      const take = ({ value, done }: IteratorResult<Event, undefined>) => {
        if (done === true) return;
        const dropped = typeof value === "string" ? Number(/^overflow: (\d+) events/.exec(value)?.[1]) : 0;
        if (dropped > 0) next += dropped;
        else expect(value).toBe(next++);
      };
      const reads: Promise<void>[] = [];
      for (const one of isPush) {
        if (one) feed.push(pushed++);
        else {
          waits++;
          reads.push(reader.next().then(take));
        }
      }
      feed.end();
      await Promise.all(reads);
      for (let result = await reader.next(); result.done !== true; result = await reader.next()) take(result);
      expect(next).toBe(pushed);
      expect(reads).toHaveLength(waits);
    }),
  );
});

test("several reads at once are answered in their order, and by the end", async () => {
  const { feed } = setUp();
  const reader = feed.iterate();
  const reads = [reader.next(), reader.next(), reader.next()];
  feed.push(1);
  feed.push(2);
  feed.end();
  expect(await Promise.all(reads)).toEqual([
    { value: 1, done: false },
    { value: 2, done: false },
    { value: undefined, done: true },
  ]);
});

test("a loop beside a callback reads from the moment it begins", async () => {
  const heard: Event[] = [];
  const { feed } = setUp({ onEvent: (event) => heard.push(event) });
  feed.push(1);
  const reader = feed.iterate();
  feed.push(2);
  feed.end();
  feed.push(3);
  expect(await reader.next()).toEqual({ value: 2, done: false });
  expect(await reader.next()).toEqual({ value: undefined, done: true });
  expect(heard).toEqual([1, 2]);
});

test("a loop that begins after the end is over at once", async () => {
  const { feed } = setUp({ onEvent: () => {} });
  feed.end();
  expect(await feed.iterate().next()).toEqual({ value: undefined, done: true });
});

test("the close policy ends what holds the feed, gives what waits, and fails once", async () => {
  const { feed, leaves } = setUp({ overflow: { capacity: 2, policy: "close" } });
  const reader = feed.iterate();
  for (let i = 0; i < 5; i++) feed.push(i);
  expect(leaves()).toBe(1);
  expect([await reader.next(), await reader.next()]).toMatchObject([{ value: 0 }, { value: 1 }]);
  expect(await rejectionOf(reader.next())).toBeInstanceOf(StreamOverflowError);
  expect(await reader.next()).toEqual({ value: undefined, done: true });
});

test("a loop that is left drops what waits", async () => {
  const { feed, leaves } = setUp({ overflow: { capacity: 1 } });
  const reader = feed.iterate();
  feed.push(1);
  feed.push(2);
  await reader.return?.();
  expect(leaves()).toBe(1);
  expect(await reader.next()).toEqual({ value: undefined, done: true });
});
