// Indicators and execution sum the latest prices on every trade or bar: kernels that lose to a plain loop at some length would be
// worse than none. Every comparison goes round two sets of arrays, since V8 folds the address of a single one into the loop, which
// no program that is passed its arrays sees.
import { createKernels, PackedTrades } from "@pitlane/perf/simd";
import type { Case, Comparison, Peer, Suite } from "../../../scripts/bench/suite.ts";

const WINDOW = 20;
const ROUNDS = 3;

type Make = (length: number) => Float64Array | Float32Array;
type Pair = readonly [Float64Array | Float32Array, Float64Array | Float32Array];

const doubles: Make = (length) => new Float64Array(length);

function fill(make: Make, length: number): Pair {
  const prices = make(length);
  const volumes = make(length);
  for (let i = 0; i < length; i++) {
    prices[i] = 50_000 + Math.sin(i) * 100;
    volumes[i] = 1 + (i % 17);
  }
  return [prices, volumes];
}

/** Times `run` on two pairs of arrays in turn. */
const onPairs = (make: Make, length: number, run: (a: Pair[0], b: Pair[1]) => number): Case => ({
  loop: () => {
    const pairs = [fill(make, length), fill(make, length)];
    return (n) => {
      let total = 0;
      for (let i = 0; i < n; i++) {
        const [a, b] = pairs[i & 1] as Pair;
        total += run(a, b);
      }
      return total;
    };
  },
});

function plainVwap(prices: Pair[0], volumes: Pair[1]): number {
  let notional = 0;
  let volume = 0;
  for (let i = 0; i < prices.length; i++) {
    notional += (prices[i] as number) * (volumes[i] as number);
    volume += volumes[i] as number;
  }
  return notional / volume;
}

function vwap(
  name: string,
  length: number,
  make: Make,
  place: "elsewhere" | "in place",
  loop: Partial<Peer>,
): Comparison {
  const kernels = createKernels({ arenaBytes: 2 ** 23 });
  const alloc: Make = (n) => (make(0) instanceof Float64Array ? kernels.allocFloat64(n) : kernels.allocFloat32(n));
  return {
    name: `VWAP of ${name}, ${place}`,
    unit: "ns/op",
    rounds: ROUNDS,
    ours: onPairs(place === "in place" ? alloc : make, length, (a, b) => kernels.vwap(a, b)),
    peers: { "plain loop (floor)": { case: onPairs(make, length, plainVwap), aim: 1, ...loop } },
  };
}

function slidingMean(values: Pair[0], means: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i] as number;
    if (i >= WINDOW) sum -= values[i - WINDOW] as number;
    if (i >= WINDOW - 1) means[i - WINDOW + 1] = sum / WINDOW;
  }
  return means[0] as number;
}

function slidingVariance(values: Pair[0], variances: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    sum += value;
    squares += value * value;
    if (i >= WINDOW) {
      const gone = values[i - WINDOW] as number;
      sum -= gone;
      squares -= gone * gone;
    }
    if (i >= WINDOW - 1) variances[i - WINDOW + 1] = (squares - (sum * sum) / WINDOW) / WINDOW;
  }
  return variances[0] as number;
}

function meansAnew(values: Pair[0], means: Float64Array): number {
  for (let first = 0; first + WINDOW <= values.length; first++) {
    let sum = 0;
    for (let i = first; i < first + WINDOW; i++) sum += values[i] as number;
    means[first] = sum / WINDOW;
  }
  return means[0] as number;
}

function variancesAnew(values: Pair[0], variances: Float64Array): number {
  for (let first = 0; first + WINDOW <= values.length; first++) {
    let sum = 0;
    for (let i = first; i < first + WINDOW; i++) sum += values[i] as number;
    const mean = sum / WINDOW;
    let squares = 0;
    for (let i = first; i < first + WINDOW; i++) squares += ((values[i] as number) - mean) ** 2;
    variances[first] = squares / WINDOW;
  }
  return variances[0] as number;
}

type Rolling = (values: Pair[0], results: Float64Array) => number;

function rolling(
  what: "mean" | "variance",
  length: number,
  ours: Rolling,
  sliding: Rolling,
  anew: Rolling,
): Comparison {
  const results = new Float64Array(length);
  const onValues = (run: Rolling): Case => onPairs(doubles, length, (values) => run(values, results));
  const note =
    "its error grows along the array and a NaN stays for good; ours adds each value in two passes, without subtracting";
  return {
    name: `rolling ${what} of ${length} doubles, window ${WINDOW}`,
    unit: "ns/op",
    rounds: ROUNDS,
    ours: onValues(ours),
    peers: {
      "plain loop, sliding sums (floor)": { case: onValues(sliding), aim: length < 256 ? null : 1, note },
      "plain loop, each window anew": { case: onValues(anew), note: "the same guarantee" },
    },
  };
}

function textbookCorrelation(a: Pair[0], b: Pair[1]): number {
  let x = 0;
  let y = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  const n = a.length;
  for (let i = 0; i < n; i++) {
    const p = a[i] as number;
    const q = b[i] as number;
    x += p;
    y += q;
    xx += p * p;
    yy += q * q;
    xy += p * q;
  }
  return (n * xy - x * y) / Math.sqrt((n * xx - x * x) * (n * yy - y * y));
}

function twoPassCorrelation(a: Pair[0], b: Pair[1]): number {
  const n = a.length;
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < n; i++) {
    meanA += a[i] as number;
    meanB += b[i] as number;
  }
  meanA /= n;
  meanB /= n;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; i++) {
    const dx = (a[i] as number) - meanA;
    const dy = (b[i] as number) - meanB;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

function correlation(length: number): Comparison {
  const kernels = createKernels();
  return {
    name: `correlation of ${length} doubles`,
    unit: "ns/op",
    rounds: ROUNDS,
    ours: onPairs(doubles, length, (a, b) => kernels.correlation(a, b)),
    peers: {
      "plain loop, two passes": { case: onPairs(doubles, length, twoPassCorrelation) },
      "plain loop, one pass (floor)": {
        case: onPairs(doubles, length, textbookCorrelation),
        aim: null,
        note: "loses every digit on prices far from 0 beside how much they vary",
      },
    },
  };
}

interface TradeObject {
  readonly timestampUs: number;
  readonly priceTicks: number;
  readonly volumeLots: number;
  readonly side: "buy" | "sell";
}

const STARTED_US = 1_767_225_600_000_000;
const HELD = 200_000;
const priceTicks = (i: number) => 5_000_000 + (i % 1009);
const volumeLots = (i: number) => 1 + ((i * 7919) % 100_003);
const makeTrade = (i: number): TradeObject => ({
  timestampUs: STARTED_US + i,
  priceTicks: priceTicks(i),
  volumeLots: volumeLots(i),
  side: i % 3 === 0 ? "buy" : "sell",
});

function pushTo(trades: PackedTrades, from: number, count: number): void {
  for (let i = from; i < from + count; i++)
    trades.push(STARTED_US + i, priceTicks(i), volumeLots(i), i % 3 === 0 ? "buy" : "sell");
}

function packed(count: number): PackedTrades {
  const trades = new PackedTrades();
  pushTo(trades, 0, count);
  return trades;
}

const objects = (count: number): TradeObject[] => Array.from({ length: count }, (_, i) => makeTrade(i));

const push: Comparison = {
  name: "packed trades, push",
  unit: "ns/op",
  rounds: ROUNDS,
  ours: {
    loop: () => {
      const trades = new PackedTrades({ maxRows: HELD });
      let pushed = 0;
      return (n) => {
        pushTo(trades, pushed, n);
        pushed += n;
        return trades.size;
      };
    },
  },
  peers: {
    "array of objects": {
      case: {
        loop: () => {
          let trades: TradeObject[] = [];
          let pushed = 0;
          return (n) => {
            for (let i = 0; i < n; i++) {
              if (trades.length === HELD) trades = [];
              trades.push(makeTrade(pushed++));
            }
            return trades.length;
          };
        },
      },
      note: "drops all at once when full; ours checks every value and drops a segment",
    },
  },
};

function rangeVwap(range: number): Comparison {
  const first = (HELD - range) / 2;
  const overObjects = (sum: (trades: TradeObject[], from: number, to: number) => number): Case => ({
    loop: () => {
      const trades = objects(HELD);
      return (n) => {
        let total = 0;
        for (let i = 0; i < n; i++) total += sum(trades, first + (i & 7), first + (i & 7) + range);
        return total;
      };
    },
  });
  return {
    name: `packed trades, VWAP of ${range} in a range of time`,
    unit: "ns/op",
    rounds: ROUNDS,
    ours: {
      loop: () => {
        const trades = packed(HELD);
        return (n) => {
          let total = 0;
          for (let i = 0; i < n; i++) {
            const fromUs = STARTED_US + first + (i & 7);
            total += trades.vwap(fromUs, fromUs + range).vwapTicks;
          }
          return total;
        };
      },
    },
    peers: {
      "array of objects, doubles (floor)": {
        case: overObjects((trades, from, to) => {
          let notional = 0;
          let volume = 0;
          for (let i = from; i < to; i++) {
            const trade = trades[i] as TradeObject;
            notional += trade.priceTicks * trade.volumeLots;
            volume += trade.volumeLots;
          }
          return notional / volume;
        }),
        aim: range < 4096 ? 1.5 : 1, // a short range has no whole segment, whose sums are kept
        note: "rounds above 2^53 and is told where the range starts; ours is exact and searches",
      },
      "array of objects, bigint": {
        case: overObjects((trades, from, to) => {
          let notional = 0n;
          let volume = 0n;
          for (let i = from; i < to; i++) {
            const trade = trades[i] as TradeObject;
            notional += BigInt(trade.priceTicks) * BigInt(trade.volumeLots);
            volume += BigInt(trade.volumeLots);
          }
          return Number(notional) / Number(volume);
        }),
        note: "as exact",
      },
    },
  };
}

/** What `make` leaves in memory, by trade. */
const bytesOf = (make: (count: number) => object): Case => ({
  value: () => {
    const used = () => {
      globalThis.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    make(1000); // so that code made on the first call is not counted
    const before = used();
    const kept = make(HELD);
    const bytes = (used() - before) / HELD;
    return kept === undefined ? Number.NaN : bytes;
  },
});

const kernels = createKernels();

const suite: Suite = {
  name: "simd",
  comparisons: [
    vwap("100 doubles", 100, doubles, "elsewhere", {
      note: "below 256 values ours is plain JavaScript too",
    }),
    vwap("1000 doubles", 1000, doubles, "elsewhere", {}),
    vwap("100000 doubles", 100_000, doubles, "elsewhere", {}),
    vwap("1000 doubles", 1000, doubles, "in place", { aim: 0.5 }),
    vwap("100000 doubles", 100_000, doubles, "in place", { aim: 0.5 }),
    vwap("1000 floats", 1000, (length) => new Float32Array(length), "in place", {}),
    rolling("mean", 100, (a, to) => kernels.rollingMean(a, WINDOW, to), slidingMean, meansAnew),
    rolling("mean", 1000, (a, to) => kernels.rollingMean(a, WINDOW, to), slidingMean, meansAnew),
    rolling("variance", 1000, (a, to) => kernels.rollingVariance(a, WINDOW, to), slidingVariance, variancesAnew),
    correlation(1000),
    push,
    rangeVwap(1000),
    rangeVwap(100_000),
    {
      name: "packed trades, memory",
      unit: "bytes/op",
      rounds: 1,
      ours: bytesOf(packed),
      peers: { "array of objects": { case: bytesOf(objects), aim: 0.5 } },
    },
  ],
};

export default suite;
