// Every outgoing request asks a limiter once, so a regression here is paid by each order. Admitted and refused branch
// differently and have rows of their own; the real-time rows say whether waiting gives out the rate, and never more.
import { createSystemClock } from "@pitlane/perf";
import {
  Gcra,
  KeyedLimiter,
  SlidingWindow,
  TakeQueue,
  TokenBucket,
  WeightedBudget,
  WorkerBudget,
} from "@pitlane/perf/limit";
import Bottleneck from "bottleneck";
import { RateLimiter } from "limiter";
import { RateLimiterMemory, RateLimiterQueue } from "rate-limiter-flexible";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const clock = createSystemClock();
const KEYS = Array.from({ length: 1000 }, (_, i) => `/endpoint/${i}`);
const PLENTY = { capacity: 1_000_000, tokensPerSecond: 1e9 }; // never refuses, however fast it is asked

/** Counts how often `take` says yes, so that no call can be dropped. */
function counting(create: () => (i: number) => boolean): Case {
  return {
    loop: () => {
      const take = create();
      return (n) => {
        let admitted = 0;
        for (let i = 0; i < n; i++) if (take(i)) admitted++;
        return admitted;
      };
    },
  };
}

function awaiting(create: () => () => unknown): Case {
  return {
    loop: () => {
      const take = create();
      return async (n) => {
        for (let i = 0; i < n; i++) await take();
      };
    },
  };
}

const clockOnly: Case = {
  loop: () => (n) => {
    let lastNs = 0;
    for (let i = 0; i < n; i++) lastNs = clock.monotonicNs();
    return lastNs;
  },
};

/** What one writes by hand where the time is at hand: correct, without checks, its numbers in a closure. */
function createBareBucket(capacity: number, nsPerToken: number): (nowNs: number) => boolean {
  let tokens = capacity;
  let takenAtNs = 0;
  return (nowNs) => {
    const refilled = Math.min(capacity, tokens + (nowNs - takenAtNs) / nsPerToken);
    if (refilled < 1) return false;
    tokens = refilled - 1;
    takenAtNs = nowNs;
    return true;
  };
}

const createMemory = () => new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 1 });
const createPeerLimiter = () => new RateLimiter({ tokensPerInterval: 1e9, interval: "second" });

/** Milliseconds of real time for `count` grants after the first `spent`, which the burst pays. */
function msFor(count: number, spent: number, create: () => () => unknown): Case {
  return {
    value: async () => {
      const take = create();
      for (let i = 0; i < spent; i++) await take();
      const startedNs = clock.monotonicNs();
      await Promise.all(Array.from({ length: count }, take));
      return (clock.monotonicNs() - startedNs) / 1e6;
    },
  };
}

/** The fullest second in percent of the 100 allowed, of a backlog that arrives 0.9 s after the limiter was made. */
function fullestSecond(create: () => () => unknown): Case {
  return {
    value: async () => {
      const take = create();
      await take();
      await clock.sleep(900);
      const grantedAtNs: number[] = [];
      const grants = Array.from({ length: 200 }, async () => {
        await take();
        grantedAtNs.push(clock.monotonicNs());
      });
      await Promise.all(grants);
      let fullest = 0;
      for (let from = 0, to = 0; to < grantedAtNs.length; to++) {
        while ((grantedAtNs[to] as number) - (grantedAtNs[from] as number) >= 1e9) from++;
        fullest = Math.max(fullest, to - from + 1);
      }
      return fullest;
    },
  };
}

const suite: Suite = {
  name: "limit",
  comparisons: [
    {
      name: "token bucket, tryTake admitted",
      unit: "ns/op",
      ours: counting(() => {
        const bucket = new TokenBucket({ ...PLENTY, clock });
        return () => bucket.tryTake();
      }),
      peers: {
        "bare token bucket, time passed in (floor)": {
          case: counting(() => {
            const take = createBareBucket(PLENTY.capacity, 1);
            return (i) => take(i * 3);
          }),
          aim: 1.5,
          note: "reads no clock and checks nothing",
        },
        "plain counter in a typed array (floor)": {
          case: counting(() => {
            const tokens = Int32Array.of(2 ** 31 - 1);
            return () => {
              const left = (tokens[0] as number) - 1;
              tokens[0] = left < 0 ? 2 ** 31 - 1 : left;
              return left >= 0;
            };
          }),
          aim: null,
        },
        "limiter 4 RateLimiter.tryRemoveTokens": {
          case: counting(() => {
            const limiter = createPeerLimiter();
            return () => limiter.tryRemoveTokens(1);
          }),
        },
        "rate-limiter-flexible 11 RateLimiterMemory.consume": {
          case: awaiting(() => {
            const memory = createMemory();
            return () => memory.consume("a");
          }),
          note: "has only an awaited form",
        },
      },
    },
    {
      name: "token bucket of 100, tryTake admitted",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const bucket = new TokenBucket({ capacity: 100, tokensPerSecond: 1e9, clock });
        return () => bucket.tryTake();
      }),
      peers: {
        "clock only": { case: clockOnly, note: "a pocket of six saves six of seven readings" },
      },
    },
    {
      name: "token bucket, tryTake refused",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const bucket = new TokenBucket({ capacity: 1, tokensPerSecond: 1e-6, clock });
        bucket.tryTake();
        return () => bucket.tryTake();
      }),
      peers: {
        "clock only": { case: clockOnly, aim: null, note: "a refusal needs the time" },
        "limiter 4 RateLimiter.tryRemoveTokens": {
          case: counting(() => {
            const limiter = new RateLimiter({ tokensPerInterval: 1, interval: 1e9 });
            limiter.tryRemoveTokens(1);
            return () => limiter.tryRemoveTokens(1);
          }),
          note: "one clock reading on both sides; theirs then looks at the interval's count alone, ours at a level and a rate",
        },
      },
    },
    {
      name: "sliding window of 1,000, tryTake admitted",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const window = new SlidingWindow({ limit: 1000, windowMs: 0.001, clock });
        return () => window.tryTake();
      }),
      peers: {
        "clock only": { case: clockOnly, aim: null, note: "a strict window needs the time of every unit" },
        "array of times, push and shift": {
          case: counting(() => {
            const takenAtNs: number[] = [];
            return () => {
              const nowNs = clock.monotonicNs();
              while (takenAtNs.length > 0 && (takenAtNs[0] as number) <= nowNs - 1000) takenAtNs.shift();
              return takenAtNs.length < 1000 && takenAtNs.push(nowNs) > 0;
            };
          }),
          note: "holds only the last microsecond here; a full one of 1,000 shifts more",
        },
      },
    },
    {
      name: "1,000 keys, tryTake admitted",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const createDefault = () => new TokenBucket({ ...PLENTY, clock });
        const limiter = new KeyedLimiter({ limiters: {}, createDefault, maxKeys: 1000 });
        return (i) => limiter.tryTake(KEYS[i % 1000] as string);
      }),
      peers: {
        "rate-limiter-flexible 11 RateLimiterMemory.consume": {
          case: {
            loop: () => {
              const memory = createMemory();
              return async (n) => {
                for (let i = 0; i < n; i++) await memory.consume(KEYS[i % 1000] as string);
              };
            },
          },
          note: "has only an awaited form",
        },
        "Gcra (ours), by index": {
          case: counting(() => {
            const gcra = new Gcra({ slots: 1000, capacity: 1_000_000, tokensPerSecond: 1e6, clock });
            return (i) => gcra.tryTake(i % 1000);
          }),
          aim: null,
          note: "eight bytes a key, but reads the clock each time",
        },
      },
    },
    {
      name: "weighted budget, tryTake admitted",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const budget = new WeightedBudget({ limit: 1e9, windowMs: 60_000, clock });
        return (i) => budget.tryTake(i & 1, "new");
      }),
      peers: {
        "clock only": {
          case: {
            loop: () => (n) => {
              let lastUs = 0;
              for (let i = 0; i < n; i++) lastUs = clock.nowUs();
              return lastUs;
            },
          },
          aim: null,
          note: "which window it is needs the time",
        },
        "limiter 4 RateLimiter.tryRemoveTokens": {
          case: counting(() => {
            const limiter = createPeerLimiter();
            return () => limiter.tryRemoveTokens(1);
          }),
          note: "without priorities",
        },
      },
    },
    {
      name: "worker budget, tryTake admitted",
      unit: "ns/op",
      rounds: 3,
      ours: counting(() => {
        const options = { memory: new SharedArrayBuffer(8), capacity: 1e9, tokensPerSecond: 1e6 };
        const budget = new WorkerBudget({ ...options, nowNs: process.hrtime.bigint });
        return () => budget.tryTake();
      }),
      peers: {
        "hrtime.bigint + Atomics.compareExchange (floor)": {
          case: counting(() => {
            const cell = new BigInt64Array(new SharedArrayBuffer(8));
            return () => Atomics.compareExchange(cell, 0, Atomics.load(cell, 0), process.hrtime.bigint()) >= 0n;
          }),
          aim: null,
        },
      },
    },
    {
      name: "take, awaited, free",
      unit: "ns/op",
      rounds: 3,
      ours: awaiting(() => {
        const queue = new TakeQueue({ source: new TokenBucket({ ...PLENTY, clock }), maxWaiting: 1, clock });
        return () => queue.take();
      }),
      peers: {
        "await of nothing (floor)": { case: awaiting(() => () => undefined), aim: null },
        "limiter 4 RateLimiter.removeTokens": {
          case: awaiting(() => {
            const limiter = createPeerLimiter();
            return () => limiter.removeTokens(1);
          }),
        },
        "rate-limiter-flexible 11 RateLimiterMemory.consume": {
          case: awaiting(() => {
            const memory = createMemory();
            return () => memory.consume("a");
          }),
        },
      },
    },
    {
      name: "take, awaited, free, beside a job queue",
      unit: "us/op",
      rounds: 1,
      ours: awaiting(() => {
        const queue = new TakeQueue({ source: new TokenBucket({ ...PLENTY, clock }), maxWaiting: 1, clock });
        return () => queue.take();
      }),
      peers: {
        "bottleneck 2 schedule": {
          case: awaiting(() => {
            const bottleneck = new Bottleneck();
            const job = async () => {};
            return () => bottleneck.schedule(job);
          }),
          note: "each job passes several timers",
        },
      },
    },
    {
      name: "20,000 grants at 20,000/s to a backlog",
      unit: "ms",
      rounds: 3,
      ours: msFor(20_000, 4000, () => {
        const source = new TokenBucket({ capacity: 4000, tokensPerSecond: 20_000, clock });
        const queue = new TakeQueue({ source, maxWaiting: 20_000, clock });
        return () => queue.take();
      }),
      peers: {
        "exact (floor)": {
          case: { value: () => 1000 },
          aim: 1.01,
          note: "capacity 4,000: loses what comes in while the process is held up for over 200 ms; below 1x by what came in while the burst was spent",
        },
        "bottleneck 2, minTime": {
          case: {
            value: async () => {
              const bottleneck = new Bottleneck({ minTime: 0.05, maxConcurrent: null });
              const startedNs = clock.monotonicNs();
              await Promise.all(Array.from({ length: 100 }, () => bottleneck.schedule(async () => {})));
              return ((clock.monotonicNs() - startedNs) / 1e6 / 100) * 20_000;
            },
          },
          note: "theirs from 100 grants",
        },
      },
    },
    {
      name: "200 grants at 100/s to a backlog",
      unit: "ms",
      rounds: 3,
      ours: msFor(200, 10, () => {
        const source = new TokenBucket({ capacity: 10, tokensPerSecond: 100, clock });
        const queue = new TakeQueue({ source, maxWaiting: 200, clock });
        return () => queue.take();
      }),
      peers: {
        "exact (floor)": {
          case: { value: () => 2000 },
          aim: 1.01,
          note: "capacity 10: loses what comes in while the process is held up for over 90 ms",
        },
      },
    },
    {
      name: "fullest second of a backlog at 100 a second, of what is allowed",
      unit: "%",
      rounds: 1,
      ours: fullestSecond(() => {
        const source = new SlidingWindow({ limit: 100, windowMs: 1000, clock });
        const queue = new TakeQueue({ source, maxWaiting: 200, clock });
        return () => queue.take();
      }),
      peers: {
        "limiter 4 RateLimiter.removeTokens": {
          case: fullestSecond(() => {
            const limiter = new RateLimiter({ tokensPerInterval: 100, interval: "second" });
            return () => limiter.removeTokens(1);
          }),
        },
        "rate-limiter-flexible 11 RateLimiterQueue": {
          case: fullestSecond(() => {
            const queue = new RateLimiterQueue(new RateLimiterMemory({ points: 100, duration: 1 }));
            return () => queue.removeTokens(1);
          }),
        },
        "bottleneck 2, reservoir": {
          case: fullestSecond(() => {
            const refresh = { reservoirRefreshInterval: 1000, reservoirRefreshAmount: 100 };
            const bottleneck = new Bottleneck({ reservoir: 100, ...refresh });
            return () => bottleneck.schedule(async () => {});
          }),
        },
      },
    },
  ],
};

export default suite;
