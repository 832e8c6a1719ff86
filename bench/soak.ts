// Whether memory stays flat while a session trades: `npm run bench -- soak` (10 minutes; `--seconds N` for another time). Every second RSS and
// the heap in use are read; a line is laid through the least value of each 10 s, which garbage not yet collected lifts the least. Growth is
// that line's rise over the whole run in percent of its middle; beside it the half width of its 95 % confidence interval, widened where
// neighbours resemble each other (`trendOf`). What is in use and cannot be collected is looked at twice, early and at the end: V8 lets garbage
// lie for as long as it likes, and a leak is in what is left when it has gone.
import { setTimeout as sleep } from "node:timers/promises";
import { blockMinima, CALM_FLAGS, trendOf } from "pitlane";
import { startExchange } from "../scripts/bench/exchanged.ts";
import type { Suite } from "../scripts/bench/suite.ts";
import { open, PROGRAM, trader } from "./throughput.ts";

const ORDERS_PER_SECOND = 300;
const WARM_SHARE = 0.2; // of the run: caches and pools fill, code is compiled
const LOOK_MS = 1_000;
const LOOKS_IN_BLOCK = 10;

interface Growth {
  /** Percent of the mean, over the whole run. */
  readonly growth: number;
  /** Half width of its 95 % confidence interval. */
  readonly spread: number;
}

function growthOf(values: readonly number[]): Growth {
  const { slope, high, mean, count } = trendOf(blockMinima(values, LOOKS_IN_BLOCK));
  const percent = (100 * (count - 1)) / mean;
  return { growth: slope * percent, spread: (high - slope) * percent };
}

/** MiB in use once nothing is left to collect. @throws {Error} Without `--expose-gc`. */
function liveHeap(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("run it with --expose-gc");
  for (let i = 0; i < 2; i++) gc(); // what the first has found finalizers of, the second collects
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function soak(seconds: number): Promise<Record<string, number>> {
  const exchange = await startExchange(PROGRAM);
  try {
    const strategy = trader(ORDERS_PER_SECOND);
    const { runtime, close } = await open(exchange.urls, exchange.credentials, strategy.plugin, [
      "trade",
      "bookTicker",
    ]);
    strategy.begin();
    const halfWarmMs = (1e3 * seconds * WARM_SHARE) / 2;
    await sleep(halfWarmMs);
    const early = liveHeap(); // what V8 gives back for it to the system is back before the looks begin
    await sleep(halfWarmMs);
    const rss: number[] = [];
    const heap: number[] = [];
    for (let second = 0; second < seconds * (1 - WARM_SHARE); second++) {
      await sleep(LOOK_MS);
      const { rss: rssBytes, heapUsed } = process.memoryUsage();
      rss.push(rssBytes / 2 ** 20);
      heap.push(heapUsed / 2 ** 20);
    }
    const late = liveHeap();
    strategy.end();
    while (runtime.status().openOrders > 0) await sleep(1);
    const { faults } = await close();
    for (const { source, message } of faults) console.error(`${source}: ${message}`);
    const ofRss = growthOf(rss);
    const ofHeap = growthOf(heap);
    return {
      orders: strategy.wanted,
      "RSS, most": Math.max(...rss),
      "RSS, growth": ofRss.growth,
      "RSS, growth, +-": ofRss.spread,
      "heap, most": Math.max(...heap),
      "heap, growth": ofHeap.growth,
      "heap, growth, +-": ofHeap.spread,
      "live heap, at the end": late,
      "live heap, growth": 100 * (late / early - 1),
      faults: faults.length,
    };
  } finally {
    exchange.stop();
  }
}

const suite: Suite = {
  name: "memory of a session that trades",
  comparisons: [],
  trials: [
    {
      name: `soak, ${ORDERS_PER_SECOND} orders a second`,
      units: {
        orders: "",
        "RSS, most": "MiB",
        "RSS, growth": "%",
        "RSS, growth, +-": "%",
        "heap, most": "MiB",
        "heap, growth": "%",
        "heap, growth, +-": "%",
        "live heap, at the end": "MiB",
        "live heap, growth": "%",
        faults: "",
      },
      seconds: 600,
      rounds: 1,
      cases: {
        ours: {
          run: soak,
          targets: {
            "RSS, most": { atMost: 256 },
            "RSS, growth": { atMost: 5 },
            "heap, growth": { atMost: 5 },
            "live heap, growth": { atMost: 5 },
            faults: { atMost: 0 },
          },
          nodeFlags: [...CALM_FLAGS, "--expose-gc"],
        },
      },
    },
  ],
};

export default suite;
