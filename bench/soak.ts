// Whether memory stays flat while a session trades: `npm run bench -- soak` (10 minutes; `--seconds N` for another time). Every second RSS and
// the heap in use are read; a line is laid through the least value of each 10 s, which garbage not yet collected lifts the least. Growth is
// that line's rise over the whole run in percent of its middle; beside it the half width of its 95 % confidence interval.
import { setTimeout as sleep } from "node:timers/promises";
import { CALM_FLAGS } from "pitlane";
import { startExchange } from "../scripts/bench/exchanged.ts";
import type { Suite } from "../scripts/bench/suite.ts";
import { open, PROGRAM, trader } from "./throughput.ts";

const ORDERS_PER_SECOND = 300;
const WARM_SHARE = 0.2; // of the run: caches and pools fill, code is compiled
const LOOK_MS = 1_000;
const LOOKS_IN_BLOCK = 10;

interface Trend {
  /** Percent of the mean, over the whole run. */
  readonly growth: number;
  /** Half width of its 95 % confidence interval. */
  readonly spread: number;
}

/** A least squares line through the least value of each block. Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 4.4.3. */
function trendOf(values: readonly number[]): Trend {
  const lows: number[] = [];
  for (let at = 0; at + LOOKS_IN_BLOCK <= values.length; at += LOOKS_IN_BLOCK)
    lows.push(Math.min(...values.slice(at, at + LOOKS_IN_BLOCK)));
  const n = lows.length;
  if (n < 3)
    throw new Error(`${n} blocks of ${LOOKS_IN_BLOCK} s are too few for a trend: let it run for a minute or more`);
  const mean = lows.reduce((sum, low) => sum + low, 0) / n;
  const middle = (n - 1) / 2;
  const sxx = lows.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const slope = lows.reduce((sum, low, i) => sum + (i - middle) * (low - mean), 0) / sxx;
  const residual = lows.reduce((sum, low, i) => sum + (low - mean - slope * (i - middle)) ** 2, 0);
  const error = Math.sqrt(residual / (n - 2) / sxx);
  const percent = (100 * (n - 1)) / mean;
  return { growth: slope * percent, spread: quantile95(n - 2) * error * percent };
}

/** Student's t, two-sided, 95 %. Source: Abramowitz and Stegun, 26.7.5, its first three terms. */
function quantile95(degrees: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
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
    await sleep(1e3 * seconds * WARM_SHARE);
    const rss: number[] = [];
    const heap: number[] = [];
    for (let second = 0; second < seconds * (1 - WARM_SHARE); second++) {
      await sleep(LOOK_MS);
      const { rss: rssBytes, heapUsed } = process.memoryUsage();
      rss.push(rssBytes / 2 ** 20);
      heap.push(heapUsed / 2 ** 20);
    }
    strategy.end();
    while (runtime.status().openOrders > 0) await sleep(1);
    const { faults } = await close();
    for (const { source, message } of faults) console.error(`${source}: ${message}`);
    const ofRss = trendOf(rss);
    const ofHeap = trendOf(heap);
    return {
      orders: strategy.wanted,
      "RSS, most": Math.max(...rss),
      "RSS, growth": ofRss.growth,
      "RSS, growth, +-": ofRss.spread,
      "heap, most": Math.max(...heap),
      "heap, growth": ofHeap.growth,
      "heap, growth, +-": ofHeap.spread,
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
            faults: { atMost: 0 },
          },
          nodeFlags: CALM_FLAGS,
        },
      },
    },
  ],
};

export default suite;
