// What guards a call must cost little beside the call: a regression here is paid by every request. Each part stands beside
// the same work without it (floor), and beside the library people use for it where there is one.

import { createRandom, createSystemClock } from "@pitlane/perf";
import { CircuitBreaker, MicroBatcher, mapConcurrent, retry, Semaphore, SingleFlight } from "@pitlane/perf/flow";
import fastq from "fastq";
import type { Loop, Suite } from "../../../scripts/bench/suite.ts";

const CALLERS = 100; // at once, where the part is about callers that come together
const ITEMS = 1000;
const WIDE = 10;

const answer = async (n: number): Promise<number> => n + 1;
/** Ends one turn of the microtask queue later than `answer`, so that callers overlap. */
const slowAnswer = async (n: number): Promise<number> => {
  await undefined;
  return n + 1;
};

/** One awaited call after the other. */
function inTurn(call: (n: number) => Promise<number>): Loop {
  return async (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += await call(i);
    return sum;
  };
}

/** `n` calls, `CALLERS` of them at once. */
function together(call: (n: number) => Promise<number>): Loop {
  return async (n) => {
    let sum = 0;
    const calls = new Array<Promise<number>>(CALLERS);
    for (let done = 0; done < n; done += CALLERS) {
      for (let i = 0; i < CALLERS; i++) calls[i] = call(i);
      sum += (await Promise.all(calls))[0] ?? 0;
    }
    return sum;
  };
}

const items = Array.from({ length: ITEMS }, (_, i) => i);

/** `n` runs over all items. */
function overItems(map: (of: readonly number[]) => Promise<{ readonly length: number }>): Loop {
  return async (n) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (await map(items)).length;
    return sum;
  };
}

const options = { clock: createSystemClock(), random: createRandom(1) };

const suite: Suite = {
  name: "flow",
  comparisons: [
    {
      name: "circuit breaker, run through a closed circuit",
      unit: "ns/op",
      ours: {
        loop: () => {
          const breaker = new CircuitBreaker({ openMs: 1000, ...options });
          return inTurn((n) => breaker.run(() => answer(n)));
        },
      },
      peers: {
        "bare awaited call (floor)": {
          case: { loop: () => inTurn(answer) },
          aim: null,
          note: "ours adds one promise and one await",
        },
        "async function around the call (floor of any guard)": {
          case: { loop: () => inTurn(async (n) => await answer(n)) },
          aim: 1.5,
        },
      },
    },
    {
      name: "circuit breaker, tryEnter + succeeded",
      unit: "ns/op",
      ours: {
        loop: () => {
          const breaker = new CircuitBreaker({ openMs: 1000, ...options });
          return (n) => {
            let sum = 0;
            for (let i = 0; i < n; i++) {
              const ticket = breaker.tryEnter();
              sum += ticket;
              breaker.succeeded(ticket);
            }
            return sum;
          };
        },
      },
      peers: {
        "two counters of an object (floor)": {
          case: {
            loop: () => {
              const breaker = { epoch: 1, errors: 0, calls: 0 };
              return (n) => {
                let sum = 0;
                for (let i = 0; i < n; i++) {
                  sum += breaker.epoch;
                  if (breaker.errors !== 0) breaker.errors = 0;
                  breaker.calls = i;
                }
                return sum + breaker.calls;
              };
            },
          },
          aim: null,
        },
      },
    },
    {
      name: "retry, success at the first attempt",
      unit: "ns/op",
      ours: { loop: () => inTurn((n) => retry(() => answer(n), options)) },
      peers: {
        "bare awaited call (floor)": {
          case: { loop: () => inTurn(answer) },
          aim: null,
          note: "ours adds one promise and one await",
        },
        "async function around the call (floor of any guard)": {
          case: { loop: () => inTurn(async (n) => await answer(n)) },
          aim: 1.5,
        },
      },
    },
    {
      name: "semaphore, use with a free permit",
      unit: "ns/op",
      rounds: 3,
      ours: {
        loop: () => {
          const gate = new Semaphore({ permits: WIDE });
          return inTurn((n) => gate.use(() => answer(n)));
        },
      },
      peers: {
        "fastq 1 promise, concurrency 10": {
          case: {
            loop: () => {
              const queue = fastq.promise(answer, WIDE);
              return inTurn((n) => queue.push(n));
            },
          },
          note: "fastq takes one function for all; ours takes one a call",
        },
        "async function around the call (floor of any guard)": {
          case: { loop: () => inTurn(async (n) => await answer(n)) },
          aim: 1.5,
        },
      },
    },
    {
      name: "semaphore, 100 callers for 10 permits",
      unit: "ns/op",
      ours: {
        loop: () => {
          const gate = new Semaphore({ permits: WIDE });
          return together((n) => gate.use(() => slowAnswer(n)));
        },
      },
      peers: {
        "fastq 1 promise, concurrency 10": {
          case: {
            loop: () => {
              const queue = fastq.promise(slowAnswer, WIDE);
              return together((n) => queue.push(n));
            },
          },
          aim: 1.2,
          note: "the same within noise; fastq cannot abort a waiter and has no bound",
        },
        "no limit (floor)": { case: { loop: () => together(slowAnswer) }, aim: null },
      },
    },
    {
      name: "mapConcurrent, 1000 items 10 wide",
      unit: "us/op",
      rounds: 3,
      ours: { loop: () => overItems((of) => mapConcurrent(of, WIDE, slowAnswer)) },
      peers: {
        "fastq 1 promise, concurrency 10, Promise.allSettled": {
          case: {
            loop: () => {
              const queue = fastq.promise(slowAnswer, WIDE);
              return overItems((of) => Promise.allSettled(of.map((n) => queue.push(n))));
            },
          },
        },
        "Promise.allSettled, all at once (floor)": {
          case: { loop: () => overItems((of) => Promise.allSettled(of.map(slowAnswer))) },
          aim: null,
          note: "no limit at all",
        },
      },
    },
    {
      name: "micro-batcher, 100 callers, one batch call",
      unit: "ns/op",
      rounds: 3,
      ours: {
        loop: () => {
          const send = async (batch: readonly number[]) => batch.map((n) => n + 1);
          const batcher = new MicroBatcher<number, number>({ send, maxSize: CALLERS, ...options });
          return together((n) => batcher.submit(n));
        },
      },
      peers: {
        "plain array and queueMicrotask (floor)": {
          case: {
            loop: () => {
              let waiting: { n: number; resolve: (value: number) => void }[] = [];
              const flush = async () => {
                const batch = waiting;
                waiting = [];
                const results = await (async () => batch.map(({ n }) => n + 1))();
                for (let i = 0; i < batch.length; i++) batch[i]?.resolve(results[i] ?? 0);
              };
              return together(
                (n) =>
                  new Promise((resolve) => {
                    if (waiting.length === 0) queueMicrotask(flush);
                    waiting.push({ n, resolve });
                  }),
              );
            },
          },
          aim: 1.5,
          note: "no bound, no size, no errors, no abort",
        },
      },
    },
    {
      name: "single-flight, one caller",
      unit: "ns/op",
      rounds: 3,
      ours: {
        loop: () => {
          const flights = new SingleFlight<number, number>();
          return inTurn((n) => flights.run(1, () => slowAnswer(n)));
        },
      },
      peers: { "plain Map of promises (floor)": { case: { loop: () => inTurn(mapOfPromises()) }, aim: 1.2 } },
    },
    {
      name: "single-flight, 100 callers of one key",
      unit: "ns/op",
      rounds: 3,
      ours: {
        loop: () => {
          const flights = new SingleFlight<number, number>();
          return together((n) => flights.run(1, () => slowAnswer(n)));
        },
      },
      peers: { "plain Map of promises (floor)": { case: { loop: () => together(mapOfPromises()) }, aim: 1.2 } },
    },
  ],
};

/** What people write by hand: no abort, and an error is shared as it comes. */
function mapOfPromises(): (n: number) => Promise<number> {
  const calls = new Map<number, Promise<number>>();
  return (n) => {
    let call = calls.get(1);
    if (call === undefined) {
      call = slowAnswer(n).finally(() => calls.delete(1));
      calls.set(1, call);
    }
    return call;
  };
}

export default suite;
