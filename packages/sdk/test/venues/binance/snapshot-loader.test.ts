import { ManualClock } from "@pitlane/perf/testing";
import { expect, test, vi } from "vitest";
import type { DepthSnapshot } from "../../../src/book/depth-diff.ts";
import { type Instrument, Levels, RateLimitError } from "../../../src/index.ts";
import { SnapshotLoader } from "../../../src/venues/binance/snapshot-loader.ts";
import { testInstrument } from "../../support/instruments.ts";

const instruments = Array.from({ length: 7 }, (_, i) =>
  testInstrument({ id: `binance:A${i}/USDT`, venueSymbol: `A${i}` }),
);
const snapshot: DepthSnapshot = { sequence: 1, bids: new Levels(), asks: new Levels(), leftOut: 0 };

interface Call {
  readonly instrument: Instrument;
  readonly signal: AbortSignal;
  readonly answer: (snapshot: DepthSnapshot) => void;
  readonly fail: (error: Error) => void;
}

function setUp(accepts: (instrument: Instrument) => boolean = () => true) {
  const clock = new ManualClock();
  const calls: Call[] = [];
  const accepted: string[] = [];
  const errors: Error[] = [];
  const loader = new SnapshotLoader({
    // Does not look at its signal: what comes after a cancel must be harmless.
    fetch: (instrument, signal) =>
      new Promise((answer, fail) => {
        calls.push({ instrument, signal, answer, fail });
      }),
    accept: (instrument) => {
      const isGood = accepts(instrument);
      if (isGood) accepted.push(instrument.venueSymbol);
      return isGood;
    },
    onError: (error) => errors.push(error),
    clock,
    random: { next: () => 0.5 },
  });
  return { clock, calls, accepted, errors, loader, asked: () => calls.map(({ instrument }) => instrument.venueSymbol) };
}

function rateLimit(retryAfterMs: number): RateLimitError {
  return new RateLimitError("slow down", { status: 429, venueText: "slow down", retryAfterMs });
}

test("fetches four at a time, in the order asked for", async () => {
  const { loader, calls, asked, accepted } = setUp();
  for (const instrument of instruments) loader.request(instrument);
  expect(asked()).toEqual(["A0", "A1", "A2", "A3"]);
  calls[2]?.answer(snapshot);
  await vi.waitFor(() => expect(asked()).toEqual(["A0", "A1", "A2", "A3", "A4"]));
  for (const call of calls) call.answer(snapshot);
  await vi.waitFor(() => expect(asked()).toHaveLength(7));
  for (const call of calls) call.answer(snapshot);
  await vi.waitFor(() => expect([...accepted].sort()).toEqual(["A0", "A1", "A2", "A3", "A4", "A5", "A6"]));
});

test("a snapshot that does not fit, and one that fails, are fetched again with growing delays", async () => {
  let fits = false;
  const { loader, calls, clock, errors, accepted } = setUp(() => fits);
  loader.request(instruments[0]!);
  calls[0]?.answer(snapshot);
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  clock.advance({ ms: 49 });
  expect(clock.sleeping).toBe(1);
  clock.advance({ ms: 1 });
  await vi.waitFor(() => expect(calls).toHaveLength(2));
  calls[1]?.fail(new Error("lost"));
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  clock.advance({ ms: 99 });
  expect(clock.sleeping).toBe(1);
  clock.advance({ ms: 1 });
  await vi.waitFor(() => expect(calls).toHaveLength(3));
  fits = true;
  calls[2]?.answer(snapshot);
  await vi.waitFor(() => expect(accepted).toEqual(["A0"]));
  expect([errors.map(({ message }) => message), clock.sleeping]).toEqual([["lost"], 0]);
});

test("a book that does not last is asked for with growing delays, a lasting one at once", async () => {
  const { loader, calls, clock } = setUp();
  const fetched = async (count: number) => {
    await vi.waitFor(() => expect(calls).toHaveLength(count));
    calls.at(-1)?.answer(snapshot);
    await Promise.resolve(); // lets the loader take it
    await Promise.resolve();
  };
  loader.request(instruments[0]!);
  await fetched(1);
  for (const [count, delayMs] of [
    [2, 50],
    [3, 100],
    [4, 200],
  ] as const) {
    clock.advance({ ms: 9_000 });
    loader.request(instruments[0]!);
    clock.advance({ ms: delayMs - 1 });
    expect(clock.sleeping).toBe(1);
    clock.advance({ ms: 1 });
    await fetched(count);
  }
  clock.advance({ ms: 10_000 });
  loader.request(instruments[0]!);
  expect(calls).toHaveLength(5);
});

test("one that waits for its next attempt does not hold the others up", async () => {
  const { loader, calls, clock, asked } = setUp();
  for (const instrument of instruments.slice(0, 5)) loader.request(instrument);
  for (const call of calls.slice(0, 4)) call.fail(new Error("no such symbol"));
  await vi.waitFor(() => expect(asked()).toEqual(["A0", "A1", "A2", "A3", "A4"]));
  await vi.waitFor(() => expect(clock.sleeping).toBe(4));
});

test("too many requests make all of them wait as long as the venue asks", async () => {
  const { loader, calls, clock, asked } = setUp();
  loader.request(instruments[0]!);
  calls[0]?.fail(rateLimit(7_000));
  await vi.waitFor(() => expect(clock.sleeping).toBe(2)); // the pause, and the job's own backoff
  loader.request(instruments[1]!);
  clock.advance({ ms: 6_999 });
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  expect(asked()).toEqual(["A0"]);
  clock.advance({ ms: 1 });
  await vi.waitFor(() => expect(asked()).toEqual(["A0", "A1", "A0"]));
});

test("of several pauses the longest counts", async () => {
  const { loader, calls, clock, asked } = setUp();
  for (const instrument of instruments.slice(0, 2)) loader.request(instrument);
  calls[0]?.fail(rateLimit(1_000));
  calls[1]?.fail(rateLimit(9_000));
  await vi.waitFor(() => expect(clock.sleeping).toBe(4));
  clock.advance({ ms: 8_999 });
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  expect(asked()).toHaveLength(2);
  clock.advance({ ms: 1 });
  await vi.waitFor(() => expect(asked()).toEqual(["A0", "A1", "A0", "A1"]));
});

test("cancel ends what is under way, waiting or paused, and the next request starts afresh", async () => {
  const { loader, calls, clock, asked, accepted, errors } = setUp();
  loader.request(instruments[0]!);
  loader.request(instruments[1]!);
  calls[0]?.fail(rateLimit(60_000));
  await vi.waitFor(() => expect(clock.sleeping).toBe(2));
  loader.cancel();
  expect(clock.sleeping).toBe(0);
  expect(calls[1]?.signal.aborted).toBe(true);
  calls[1]?.answer(snapshot);
  loader.request(instruments[2]!);
  expect(asked()).toEqual(["A0", "A1", "A2"]);
  calls[2]?.answer(snapshot);
  await vi.waitFor(() => expect(accepted).toEqual(["A2"]));
  expect(errors).toHaveLength(1);
});

test("forget ends what is under way for one instrument, and nothing else", async () => {
  const { loader, calls, clock, asked, accepted } = setUp();
  for (const instrument of instruments.slice(0, 6)) loader.request(instrument);
  loader.forget(instruments[0]!); // being fetched
  loader.forget(instruments[4]!); // waiting for its turn
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false, false, false]);
  for (const call of calls.slice(0, 4)) call.answer(snapshot);
  await vi.waitFor(() => expect(asked()).toEqual(["A0", "A1", "A2", "A3", "A5"]));
  expect(accepted).toEqual(["A1", "A2", "A3"]);
  loader.request(instruments[0]!); // afresh: at once, though it was asked for a moment ago
  expect([asked().at(-1), clock.sleeping]).toEqual(["A0", 0]);
});
