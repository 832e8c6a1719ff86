// What a worker thread costs is mostly getting data to it. The aim is 20 million records a second: 50 ns a record or less.
// This file is its own worker: the bundled suite is started again as a thread and serves the task it finds there.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  attachSharedCounters,
  attachSharedMpmcRing,
  attachSharedSpscRing,
  createSharedCounters,
  createSharedMpmcRing,
  createSharedSpscRing,
  recordLayout,
} from "@pitlane/perf/ring";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const layout = recordLayout({ atUs: "f64", priceTicks: "f64", sizeLots: "f64", side: "u8" }); // 32 bytes
const CAPACITY = 16_384;
const START_US = 1_767_225_600_000_000;
const LAST = 255; // as side: this record ends a batch, and the worker says so
const KINDS = {
  spsc: { create: createSharedSpscRing, attach: attachSharedSpscRing },
  mpmc: { create: createSharedMpmcRing, attach: attachSharedMpmcRing },
} as const;
const COUNTERS = ["main", "worker"] as const;

interface Trade {
  atUs: number;
  priceTicks: number;
  sizeLots: number;
  side: number;
}

type Task =
  | { readonly kind: keyof typeof KINDS; readonly buffer: SharedArrayBuffer }
  | { readonly kind: "messages" }
  | { readonly kind: "counters"; readonly buffer: SharedArrayBuffer; readonly apart: boolean };

function serve(task: Task): void {
  const port = parentPort!;
  const sum = new Float64Array(1);
  const onTrade = ({ priceTicks, side }: Readonly<Trade>) => {
    sum[0]! += priceTicks;
    if (side === LAST) port.postMessage(sum[0]);
  };
  port.postMessage("ready");
  if (task.kind === "messages") {
    port.on("message", (trades: readonly Trade[]) => {
      for (const trade of trades) onTrade(trade);
    });
  } else if (task.kind === "counters") {
    const increment = incrementing(task.buffer, "worker", task.apart);
    port.on("message", (n: number) => port.postMessage(increment(n)));
  } else {
    const ring = KINDS[task.kind].attach(task.buffer, layout);
    const trade = layout.createRecord();
    while (ring.takeBlocking(trade)) {
      onTrade(trade);
      ring.drain(onTrade);
    }
  }
}

async function startWorker(task: Task): Promise<Worker> {
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  await once(worker, "message");
  return worker;
}

function fill(trade: Trade, i: number, n: number): void {
  trade.atUs = START_US + i;
  trade.priceTicks = i & 1023;
  trade.side = i === n - 1 ? LAST : 0;
}

/** From the first record pushed to word that the last one was taken. */
function throughRing(kind: keyof typeof KINDS): Case {
  return {
    loop: async () => {
      const ring = KINDS[kind].create({ layout, capacity: CAPACITY });
      const worker = await startWorker({ kind, buffer: ring.buffer });
      const trade = layout.createRecord();
      const idle = new Int32Array(new SharedArrayBuffer(4));
      return (n) => {
        const taken = once(worker, "message");
        for (let i = 0; i < n; i++) {
          fill(trade, i, n);
          while (!ring.tryPush(trade)) Atomics.wait(idle, 0, 0, 0.05); // full: a while for the taker
        }
        return taken;
      };
    },
  };
}

function byMessages(tradesEach: number): Case {
  return {
    loop: async () => {
      const worker = await startWorker({ kind: "messages" });
      return (n) => {
        const taken = once(worker, "message");
        for (let from = 0; from < n; from += tradesEach) {
          const trades = Array.from({ length: Math.min(tradesEach, n - from) }, (_, k) => {
            const trade = { atUs: 0, priceTicks: 0, sizeLots: 1, side: 0 };
            fill(trade, from + k, n);
            return trade;
          });
          worker.postMessage(trades);
        }
        return taken;
      };
    },
  };
}

/** The same records in and out of the same ring, a ring's worth at a time. */
const withinOneThread: Case = {
  loop: () => {
    const ring = createSharedSpscRing({ layout, capacity: CAPACITY });
    const trade = layout.createRecord();
    const sum = new Float64Array(1);
    const onTrade = ({ priceTicks }: Readonly<Trade>) => {
      sum[0]! += priceTicks;
    };
    return (n) => {
      for (let from = 0; from < n; from += CAPACITY) {
        for (let i = from; i < Math.min(n, from + CAPACITY); i++) {
          fill(trade, i, n);
          ring.tryPush(trade);
        }
        ring.drain(onTrade);
      }
      return sum[0];
    };
  },
};

/** The same 32 bytes into shared memory and out again, by typed arrays alone. */
const plainCopy: Case = {
  loop: () => {
    const shared = new Float64Array(new SharedArrayBuffer(CAPACITY * layout.byteLength));
    const words = layout.byteLength / 8;
    return (n) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const at = (i & (CAPACITY - 1)) * words;
        shared[at] = START_US + i;
        shared[at + 1] = i & 1023;
        shared[at + 2] = 1;
        shared[at + 3] = i === n - 1 ? LAST : 0;
        sum += shared[at]! + shared[at + 1]! + shared[at + 2]! + shared[at + 3]!;
      }
      return sum;
    };
  },
};

/** Adds 1 many times: to a counter of its own, or to the word beside the other thread's. */
function incrementing(
  buffer: SharedArrayBuffer,
  name: (typeof COUNTERS)[number],
  apart: boolean,
): (n: number) => number {
  if (apart) {
    const counter = attachSharedCounters(buffer, COUNTERS).counter(name);
    return (n) => {
      for (let i = 0; i < n; i++) counter.increment();
      return counter.value;
    };
  }
  const words = new BigInt64Array(buffer);
  const word = COUNTERS.indexOf(name);
  return (n) => {
    for (let i = 0; i < n; i++) Atomics.add(words, word, 1n);
    return Number(words[word]);
  };
}

/** Two threads at once; the figure is for one addition of each. */
function twoCounting(apart: boolean): Case {
  return {
    loop: async () => {
      const buffer = apart ? createSharedCounters(COUNTERS).buffer : new SharedArrayBuffer(128);
      const worker = await startWorker({ kind: "counters", buffer, apart });
      const increment = incrementing(buffer, "main", apart);
      return (n) => {
        const counted = once(worker, "message");
        worker.postMessage(n);
        increment(n);
        return counted;
      };
    },
  };
}

const ourCounter: Case = {
  loop: () => {
    const counter = createSharedCounters(["received"]).counter("received");
    return (n) => {
      for (let i = 0; i < n; i++) counter.increment();
      return counter.value;
    };
  },
};

const plainAdd: Case = {
  loop: () => {
    const words = new Int32Array(new SharedArrayBuffer(128));
    return (n) => {
      for (let i = 0; i < n; i++) Atomics.add(words, 0, 1);
      return words[0];
    };
  },
};

const suite: Suite = {
  name: "shared memory between threads",
  comparisons: [
    {
      name: "32-byte records to another thread, one pusher, one taker",
      unit: "ns/record",
      ours: throughRing("spsc"),
      peers: {
        "postMessage, a record each": { case: byMessages(1), note: "aimed at: 50 ns or less, 20 million a second" },
        "postMessage, 100 records each": { case: byMessages(100) },
        "same ring, within one thread": { case: withinOneThread, aim: null, note: "what both sides do, in turn" },
        "plain copy in and out, one thread (floor)": { case: plainCopy, aim: null, note: "nobody is told of anything" },
      },
    },
    {
      name: "the same through the ring for many pushers and takers",
      unit: "ns/record",
      ours: throughRing("mpmc"),
      peers: {
        "ring for one pusher and one taker": {
          case: throughRing("spsc"),
          aim: null,
          note: "the price of sharing the sides",
        },
        "postMessage, 100 records each": { case: byMessages(100) },
      },
      rounds: 3,
    },
    {
      name: "shared counter, increment",
      unit: "ns/op",
      ours: ourCounter,
      peers: {
        "Atomics.add on Int32Array (floor)": {
          case: plainAdd,
          aim: null,
          note: "ours has 64 bits, for a bigint each time; 32 overflow after 2 minutes of 20 million a second",
        },
      },
      rounds: 3,
    },
    {
      name: "two threads, each its own shared counter",
      unit: "ns/op",
      ours: twoCounting(true),
      peers: { "two words of one cache line": { case: twoCounting(false), note: "why counters lie 128 bytes apart" } },
      rounds: 3,
    },
  ],
};

if (!isMainThread) serve(workerData as Task);

export default suite;
