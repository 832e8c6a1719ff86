import fc from "fast-check";
import { expect, test } from "vitest";
import { CircuitOpenError, mayRetry, RetriesExhaustedError, type RetryOptions, retry } from "../../src/flow/index.ts";
import { InvalidInputError, PitlaneError } from "../../src/index.ts";
import { ManualClock, seededRandom } from "../../src/testing.ts";
import { settle } from "../support/promises.ts";

class BusyError extends PitlaneError {
  readonly code = "BUSY";
  readonly retryable = true;
}

/** Starts a retry of a call that fails with `errors`, one per attempt, then succeeds; `advance` lets it get to its next sleep. */
function setUp(errors: readonly unknown[], options: Partial<RetryOptions> = {}, signal?: AbortSignal) {
  const clock = new ManualClock();
  const startedAtMs: number[] = [];
  const result = retry(
    async (attempt) => {
      startedAtMs.push(clock.monotonicNs() / 1e6);
      if (attempt < errors.length) throw errors[attempt];
      return "done";
    },
    { clock, random: { next: () => 1 }, ...options },
    signal,
  );
  result.catch(() => {}); // read by each test
  const advance = async (ms: number) => {
    await settle();
    clock.advance({ ms });
    await settle();
  };
  return { clock, startedAtMs, result, advance };
}

test("returns the first success without a delay", async () => {
  const { clock, result, startedAtMs } = setUp([]);
  expect(await result).toBe("done");
  expect(startedAtMs).toEqual([0]);
  expect(clock.sleeping).toBe(0);
});

test("waits 100, 200, 400 ms at most between four attempts, unless told otherwise", async () => {
  const errors = [1, 2, 3, 4].map((n) => new BusyError(`busy ${n}`));
  const { result, startedAtMs, advance } = setUp(errors);
  for (const ms of [100, 200, 400]) await advance(ms);
  expect(startedAtMs).toEqual([0, 100, 300, 700]);
  const failure = await result.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RetriesExhaustedError);
  expect(failure).toMatchObject({ code: "RETRIES_EXHAUSTED", errors, cause: errors[3] });
});

test("never waits longer than the cap", async () => {
  const { result, startedAtMs, advance } = setUp(
    [1, 2, 3].map(() => new BusyError("busy")),
    {
      baseMs: 10,
      capMs: 15,
      factor: 3,
    },
  );
  for (const ms of [10, 15, 15]) await advance(ms);
  expect(await result).toBe("done");
  expect(startedAtMs).toEqual([0, 10, 25, 40]);
});

test("throws an error that may not be retried as it is", async () => {
  const refusal = new InvalidInputError("wrong");
  const { result, startedAtMs } = setUp([refusal]);
  await expect(result).rejects.toBe(refusal);
  expect(startedAtMs).toHaveLength(1);
});

test("asks mayRetry with the error and its attempt, and tells onRetry what it does", async () => {
  const asked: unknown[] = [];
  const told: unknown[] = [];
  const { result, advance } = setUp(["first", "second"], {
    mayRetry: (error, attempt) => asked.push([error, attempt]) < 2,
    onRetry: (error, attempt, delayMs) => told.push([error, attempt, delayMs]),
  });
  await advance(100);
  await expect(result).rejects.toBe("second");
  expect(asked).toEqual([
    ["first", 0],
    ["second", 1],
  ]);
  expect(told).toEqual([["first", 0, 100]]);
});

test("waits as long as the error asks, beyond the cap too", async () => {
  const { result, startedAtMs, advance } = setUp([new CircuitOpenError(25_000)]);
  await advance(25_000);
  expect(await result).toBe("done");
  expect(startedAtMs).toEqual([0, 25_000]);
});

test("gives up at once when the next attempt would begin after the deadline", async () => {
  const { clock, result, startedAtMs, advance } = setUp(
    [1, 2, 3].map((n) => new BusyError(`busy ${n}`)),
    { deadlineMs: 250 },
  );
  await advance(100);
  await expect(result).rejects.toThrow("gave up after 2 attempts: busy 2");
  expect(startedAtMs).toEqual([0, 100]);
  expect(clock.sleeping).toBe(0);
});

test("an abort ends the delay and begins no attempt", async () => {
  const abort = new AbortController();
  const { clock, result, startedAtMs } = setUp([new BusyError("busy")], {}, abort.signal);
  await settle();
  expect(clock.sleeping).toBe(1);
  abort.abort(new Error("enough"));
  await expect(result).rejects.toThrow("enough");
  expect(clock.sleeping).toBe(0);
  expect(startedAtMs).toHaveLength(1);
});

test("does not call for a signal that has aborted before, or with options out of range", async () => {
  const before = setUp([], {}, AbortSignal.abort(new Error("before")));
  await expect(before.result).rejects.toThrow("before");
  for (const wrong of [{ retries: -1 }, { baseMs: 0 }, { baseMs: 50, capMs: 49 }, { factor: 11 }, { deadlineMs: 0 }]) {
    const { result, startedAtMs } = setUp([], wrong);
    await expect(result).rejects.toThrow(InvalidInputError);
    expect(startedAtMs).toEqual([]);
  }
});

test("repeats exactly while attempts are left and errors may be retried", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 8 }),
      fc.nat({ max: 5 }),
      fc.nat(1000),
      async (kinds, retries, seed) => {
        const errors = kinds.map((isBusy) => (isBusy ? new BusyError("busy") : new Error("no")));
        const { result, startedAtMs, advance } = setUp(errors, { retries, random: seededRandom(seed) });
        for (let i = 0; i < retries; i++) await advance(10_000);
        const [ended] = await Promise.allSettled([result]);
        const refused = kinds.indexOf(false); // the first error that may not be repeated, -1 when there is none
        const most = Math.min(refused === -1 ? kinds.length : refused, retries) + 1;
        expect(startedAtMs).toHaveLength(most);
        expect(ended?.status).toBe(most > kinds.length ? "fulfilled" : "rejected");
      },
    ),
    { numRuns: 50 },
  );
});

test("by itself repeats only on errors that say they are retryable", () => {
  expect(mayRetry(new BusyError("busy"))).toBe(true);
  expect(mayRetry(new InvalidInputError("wrong"))).toBe(false);
  expect(mayRetry(new Error("unknown"))).toBe(false);
});
