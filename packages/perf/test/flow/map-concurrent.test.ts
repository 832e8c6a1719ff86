import fc from "fast-check";
import { expect, test } from "vitest";
import { mapConcurrent } from "../../src/flow/index.ts";
import { InvalidInputError } from "../../src/index.ts";
import { deferred, settle } from "../support/promises.ts";

const double = async (n: number) => 2 * n;

async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await settle();
    yield item;
  }
}

test("gives every outcome in the order of the items, never more than the limit at a time", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ fails: fc.boolean(), turns: fc.nat({ max: 4 }) }), { maxLength: 30, size: "max" }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (items, limit, isAsync) => {
        let running = 0;
        let most = 0;
        const work = async ({ fails, turns }: { fails: boolean; turns: number }, index: number) => {
          most = Math.max(most, ++running);
          for (let i = 0; i < turns; i++) await settle();
          running--;
          if (fails) throw index;
          return index;
        };
        const outcomes = await mapConcurrent(isAsync ? asynchronously(items) : items, limit, work);
        expect(outcomes).toEqual(
          items.map(({ fails }, index) =>
            fails ? { status: "rejected", reason: index } : { status: "fulfilled", value: index },
          ),
        );
        expect(most).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 60 },
  );
});

test("reads no further ahead than the limit, from either kind of source", async () => {
  for (const isAsync of [false, true]) {
    let read = 0;
    const endless = (function* () {
      for (;;) yield read++;
    })();
    const gates = [deferred<void>(), deferred<void>(), deferred<void>()];
    const abort = new AbortController();
    const work = (n: number) => gates[n]?.promise ?? new Promise<void>(() => {});
    mapConcurrent(isAsync ? asynchronously(endless) : endless, 3, work, abort.signal).catch(() => {});
    for (let i = 0; i < 10; i++) await settle();
    expect(read).toBe(3);
    gates[1]?.resolve();
    for (let i = 0; i < 10; i++) await settle();
    expect(read).toBe(4);
  }
});

test("takes a function that throws at once, or returns a plain value", async () => {
  const outcomes = await mapConcurrent([1, 2], 1, (n) => {
    if (n === 1) throw new Error("at once");
    return n;
  });
  expect(outcomes).toEqual([
    { status: "rejected", reason: new Error("at once") },
    { status: "fulfilled", value: 2 },
  ]);
});

test("an abort begins nothing more, and rejects when the running calls have ended", async () => {
  const abort = new AbortController();
  const running = deferred<void>();
  const begun: number[] = [];
  let hasEnded = false;
  const work = async (n: number) => {
    begun.push(n);
    await running.promise;
  };
  const mapped = mapConcurrent([1, 2, 3, 4], 2, work, abort.signal).finally(() => {
    hasEnded = true;
  });
  const outcome = mapped.catch((error: unknown) => error);
  abort.abort(new Error("enough"));
  await settle();
  expect(hasEnded).toBe(false);
  running.resolve();
  expect(await outcome).toEqual(new Error("enough"));
  expect(begun).toEqual([1, 2]);
});

test("an abort ends the wait for a source that never answers", async () => {
  const abort = new AbortController();
  const silent: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  };
  const mapped = mapConcurrent(silent, 2, double, abort.signal);
  await settle();
  abort.abort(new Error("enough"));
  await expect(mapped).rejects.toThrow("enough");
});

test("closes the source after an abort", async () => {
  const abort = new AbortController();
  let isClosed = false;
  const source = (function* () {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      isClosed = true;
    }
  })();
  const stop = async (n: number) => {
    if (n === 5) abort.abort(new Error("found"));
  };
  await expect(mapConcurrent(source, 2, stop, abort.signal)).rejects.toThrow("found");
  expect(isClosed).toBe(true);
});

test("rejects with what the source throws, after the running calls", async () => {
  const ended: number[] = [];
  function* broken() {
    yield 1;
    yield 2;
    throw new Error("source broke");
  }
  const work = async (n: number) => {
    await settle();
    ended.push(n);
  };
  await expect(mapConcurrent(broken(), 4, work)).rejects.toThrow("source broke");
  await expect(mapConcurrent(asynchronously(broken()), 4, work)).rejects.toThrow("source broke");
  expect(ended).toEqual([1, 2, 1, 2]);
});

test("asks an asynchronous source for one item at a time", async () => {
  let asking = 0;
  let n = 0;
  const jealous: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        expect(++asking).toBe(1);
        await settle();
        asking--;
        return n < 10 ? { value: n++, done: false } : { value: undefined, done: true };
      },
    }),
  };
  expect(await mapConcurrent(jealous, 4, double)).toHaveLength(10);
});

test("refuses a limit out of range and a signal that has aborted before", async () => {
  for (const limit of [0, 1.5, 10_001])
    await expect(mapConcurrent([1], limit, double)).rejects.toThrow(InvalidInputError);
  await expect(mapConcurrent([1], 1, double, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
});
