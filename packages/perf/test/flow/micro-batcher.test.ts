import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BatchMismatchError,
  ClosedError,
  MicroBatcher,
  type MicroBatcherOptions,
  QueueFullError,
} from "../../src/flow/index.ts";
import { InvalidInputError } from "../../src/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Deferred, deferred, settle } from "../support/promises.ts";

type Options = Partial<MicroBatcherOptions<number, string>>;

/** A batcher whose batch calls the test answers: `sent` has their items, `answer` gives "n!" for each item n. */
function setUp(options: Options = {}) {
  const clock = new ManualClock();
  const sent: (readonly number[])[] = [];
  const answers: Deferred<readonly (string | Error)[]>[] = [];
  const send = (items: readonly number[]) => {
    const answer = deferred<readonly (string | Error)[]>();
    sent.push(items);
    answers.push(answer);
    return answer.promise;
  };
  const batcher = new MicroBatcher<number, string>({ send, clock, ...options });
  const answer = (call: number) => answers[call]?.resolve((sent[call] ?? []).map((n) => `${n}!`));
  return { batcher, clock, sent, answers, answer };
}

test("sends together what one piece of synchronous code asks for, and gives each caller its result", async () => {
  const { batcher, sent, answer } = setUp();
  const results = Promise.all([batcher.submit(1), batcher.submit(2), batcher.submit(3)]);
  expect(sent).toEqual([]);
  await settle();
  expect(sent).toEqual([[1, 2, 3]]);
  answer(0);
  expect(await results).toEqual(["1!", "2!", "3!"]);
});

test("sends a full batch at once, without waiting for its age", () => {
  const { batcher, clock, sent } = setUp({ maxSize: 2, maxAgeMs: 5 });
  batcher.submit(1);
  batcher.submit(2);
  expect(sent).toEqual([[1, 2]]);
  expect(clock.sleeping).toBe(0);
});

test("sends a batch when its first item is maxAgeMs old", async () => {
  const { batcher, clock, sent } = setUp({ maxAgeMs: 5 });
  batcher.submit(1);
  clock.advance({ ms: 4 });
  batcher.submit(2);
  await settle();
  expect(sent).toEqual([]);
  clock.advance({ ms: 1 });
  await settle();
  expect(sent).toEqual([[1, 2]]);
});

test("a batch that has the lowered size or more goes at once, and the next is of that size", async () => {
  const { batcher, sent, answer } = setUp({ maxSize: 10, maxAgeMs: 5 });
  for (const n of [1, 2, 3]) batcher.submit(n);
  batcher.maxSize = 4;
  expect(sent).toEqual([]);
  batcher.maxSize = 2;
  expect(sent).toEqual([[1, 2, 3]]);
  answer(0);
  await settle();
  for (const n of [4, 5]) batcher.submit(n);
  expect(sent).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  expect(batcher.maxSize).toBe(2);
});

test("while a call runs, the batch that waits for its end fills up to a raised size and no further than a lowered one", async () => {
  const { batcher, sent, answer } = setUp({ maxSize: 2 });
  for (const n of [1, 2, 3, 4]) batcher.submit(n);
  batcher.maxSize = 3;
  batcher.submit(5);
  batcher.maxSize = 1;
  batcher.submit(6);
  for (const call of [0, 1, 2]) {
    answer(call);
    await settle();
  }
  expect(sent).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test("a changed age counts from the first item of the batch that is being collected", async () => {
  const { batcher, clock, sent, answer } = setUp({ maxAgeMs: 10 });
  batcher.submit(1);
  clock.advance({ ms: 4 });
  batcher.maxAgeMs = 20;
  clock.advance({ ms: 15 });
  await settle();
  expect(sent).toEqual([]);
  clock.advance({ ms: 1 });
  await settle();
  expect(sent).toEqual([[1]]);
  answer(0);
  await settle();
  batcher.submit(2);
  clock.advance({ ms: 4 });
  batcher.maxAgeMs = 4;
  await settle();
  expect(sent).toEqual([[1], [2]]);
  expect(batcher.maxAgeMs).toBe(4);
  expect(clock.sleeping).toBe(0);
});

test("an age raised from 0 in one piece of synchronous code holds for what that has asked for", async () => {
  const { batcher, clock, sent } = setUp();
  batcher.submit(1);
  batcher.maxAgeMs = 5;
  await settle();
  expect(sent).toEqual([]);
  clock.advance({ ms: 5 });
  await settle();
  expect(sent).toEqual([[1]]);
});

test("a batch that was due stays due when the age is raised", async () => {
  const { batcher, clock, sent, answer } = setUp({ maxAgeMs: 5 });
  batcher.submit(1);
  batcher.flush();
  batcher.submit(2);
  clock.advance({ ms: 5 });
  await settle();
  batcher.maxAgeMs = 50;
  answer(0);
  await settle();
  expect(sent).toEqual([[1], [2]]);
  expect(clock.sleeping).toBe(0);
});

test("while as many calls run as may, the next batch fills up, and goes when one has ended", async () => {
  const { batcher, sent, answer } = setUp({ maxSize: 3 });
  batcher.submit(1);
  await settle();
  batcher.submit(2);
  await settle();
  for (const n of [3, 4, 5]) batcher.submit(n);
  await settle();
  expect(sent).toEqual([[1]]);
  answer(0);
  await settle();
  expect(sent).toEqual([[1], [2, 3, 4]]);
  answer(1);
  await settle();
  expect(sent).toEqual([[1], [2, 3, 4], [5]]);
});

test("makes several calls at a time where told", async () => {
  const { batcher, sent } = setUp({ maxSize: 1, concurrency: 2 });
  for (const n of [1, 2, 3]) batcher.submit(n);
  expect(sent).toEqual([[1], [2]]);
});

test("gives one item's error to its caller alone, and the call's error to all", async () => {
  const { batcher, answers } = setUp();
  const first = Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
  await settle();
  answers[0]?.resolve([new Error("no such order"), "2!"]);
  expect(await first).toEqual([
    { status: "rejected", reason: new Error("no such order") },
    { status: "fulfilled", value: "2!" },
  ]);
  const second = Promise.allSettled([batcher.submit(3), batcher.submit(4)]);
  await settle();
  answers[1]?.reject(new Error("down"));
  expect((await second).map((ended) => ended.status === "rejected" && ended.reason.message)).toEqual(["down", "down"]);
});

test("an answer of another length is an error to every caller", async () => {
  const { batcher, answers } = setUp();
  const results = Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
  await settle();
  answers[0]?.resolve(["1!"]);
  for (const ended of await results)
    expect(ended).toMatchObject({ status: "rejected", reason: expect.any(BatchMismatchError) });
});

test("a call that throws before it returns a promise is an error to its callers, and the next batch goes out", async () => {
  let calls = 0;
  const { batcher } = setUp({
    send: (items) => {
      if (calls++ === 0) throw new Error("at once");
      return Promise.resolve(items.map(String));
    },
  });
  await expect(batcher.submit(1)).rejects.toThrow("at once");
  expect(await batcher.submit(2)).toBe("2");
});

test("a caller that aborts before the batch is sent is taken out of it, and the rest go", async () => {
  const { batcher, sent, answer } = setUp();
  const abort = new AbortController();
  const gone = batcher.submit(1, abort.signal);
  const stayed = batcher.submit(2);
  abort.abort(new Error("enough"));
  await expect(gone).rejects.toThrow("enough");
  await settle();
  expect(sent).toEqual([[2]]);
  answer(0);
  expect(await stayed).toBe("2!");
});

test("sends nothing when every caller has aborted", async () => {
  const { batcher, sent } = setUp();
  const abort = new AbortController();
  const waits = [batcher.submit(1, abort.signal), batcher.submit(2, abort.signal)];
  abort.abort(new Error("enough"));
  await Promise.allSettled(waits);
  await settle();
  expect(sent).toEqual([]);
  expect(batcher.queued).toBe(0);
});

test("a caller that aborts after the batch is sent only stops waiting", async () => {
  const { batcher, sent, answer } = setUp();
  const abort = new AbortController();
  const gone = batcher.submit(1, abort.signal);
  const stayed = batcher.submit(2);
  await settle();
  abort.abort(new Error("enough"));
  await expect(gone).rejects.toThrow("enough");
  expect(sent).toEqual([[1, 2]]);
  answer(0);
  expect(await stayed).toBe("2!");
});

test("refuses an item beyond the bound, one whose caller has aborted before, and any after close", async () => {
  const { batcher, answer } = setUp({ maxQueued: 1, maxAgeMs: 5 });
  const waiting = batcher.submit(1);
  await expect(batcher.submit(2)).rejects.toThrow(QueueFullError);
  await expect(batcher.submit(2, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  const closed = batcher.close();
  await expect(batcher.submit(3)).rejects.toThrow(ClosedError);
  answer(0);
  await closed;
  expect(await waiting).toBe("1!");
});

test("flush sends what waits without its age, close waits for the calls and leaves no timer", async () => {
  const { batcher, clock, sent, answer } = setUp({ maxAgeMs: 1000, maxSize: 2 });
  batcher.submit(1);
  batcher.flush();
  expect(sent).toEqual([[1]]);
  for (const n of [2, 3, 4]) batcher.submit(n);
  let isClosed = false;
  const closed = batcher.close().then(() => {
    isClosed = true;
  });
  for (const call of [0, 1, 2]) {
    expect(isClosed).toBe(false);
    answer(call);
    await settle();
  }
  await closed;
  await batcher.close();
  expect(sent).toEqual([[1], [2, 3], [4]]);
  expect(clock.sleeping).toBe(0);
});

test("answers each caller with its own result, in order, and in time, whatever happens in whatever order", async () => {
  const step = fc.record({
    does: fc.constantFrom("submit", "submit", "submit", "abort", "time", "answer", "flush", "size", "age"),
    nth: fc.nat({ max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.record({ maxSize: fc.integer({ min: 1, max: 4 }), concurrency: fc.integer({ min: 1, max: 2 }) }),
      fc.constantFrom(0, 5),
      async (steps, options, maxAgeMs) => {
        const { batcher, clock, sent, answers, answer } = setUp({ ...options, maxAgeMs });
        const submits: { atNs: number; maxSize: number }[] = [];
        const aborts: AbortController[] = [];
        const waits: Promise<string>[] = [];
        let answered = 0;
        for (const { does, nth } of steps) {
          if (does === "submit") {
            const abort = new AbortController();
            aborts.push(abort);
            submits.push({ atNs: clock.monotonicNs(), maxSize: batcher.maxSize });
            waits.push(batcher.submit(waits.length, abort.signal));
            waits.at(-1)?.catch(() => {}); // read below
          } else if (does === "abort") aborts[nth % Math.max(1, aborts.length)]?.abort();
          else if (does === "time") clock.advance({ ms: nth % 6 });
          else if (does === "flush") batcher.flush();
          else if (does === "size") batcher.maxSize = 1 + (nth % 4);
          else if (does === "age") batcher.maxAgeMs = nth % 8;
          else if (answered < answers.length) answer(answered++);
          expect(answers.length - answered).toBeLessThanOrEqual(options.concurrency);
          if (nth % 2 !== 0) continue;
          await settle();
          if (answers.length - answered === options.concurrency) continue;
          const waiting = submits.filter((_, n) => n > (sent.at(-1)?.at(-1) ?? -1) && !aborts[n]?.signal.aborted);
          expect(batcher.queued).toBe(waiting.length);
          expect(batcher.queued).toBeLessThan(batcher.maxSize);
          for (const { atNs } of waiting) expect((clock.monotonicNs() - atNs) / 1e6).toBeLessThan(batcher.maxAgeMs);
        }
        let isClosed = false;
        batcher.close().then(() => {
          isClosed = true;
        });
        while (!isClosed) {
          while (answered < answers.length) answer(answered++);
          await settle();
        }
        const ends = await Promise.allSettled(waits);
        const items = sent.flat();
        expect(items).toEqual([...new Set(items)].sort((a, b) => a - b));
        for (const [n, ended] of ends.entries()) {
          if (ended.status === "fulfilled") expect(ended.value).toBe(`${n}!`);
          else expect(aborts[n]?.signal.aborted).toBe(true);
          if (ended.status === "fulfilled") expect(items).toContain(n);
        }
        for (const batch of sent)
          for (const [i, n] of batch.entries()) expect(i).toBeLessThan(submits[n]?.maxSize ?? 0); // none joined a full batch
        expect(batcher.queued).toBe(0);
        expect(clock.sleeping).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});

test("refuses numbers out of range", () => {
  for (const wrong of [{ maxSize: 0 }, { maxAgeMs: -1 }, { maxQueued: 0 }, { concurrency: 0 }])
    expect(() => setUp(wrong)).toThrow(InvalidInputError);
  const { batcher } = setUp({ maxSize: 7, maxAgeMs: 5 });
  for (const wrong of [{ maxSize: 0 }, { maxSize: 1.5 }, { maxAgeMs: -1 }, { maxAgeMs: Number.NaN }])
    expect(() => Object.assign(batcher, wrong)).toThrow(InvalidInputError);
  expect([batcher.maxSize, batcher.maxAgeMs]).toEqual([7, 5]);
});
