// Events through a strategy's hook, the order machine and the simulated venue, in one core: ours beside grademark and beside loops over the
// same typed columns with the same strategy written into them. The loops are the limit: they have no plugins, no risk, no account, and take
// what the strategy wants at the next open (bars) or at the touch (ticks). Data are made beforehand and are in memory.
import { createRequire } from "node:module";
import { createRandom } from "@pitlane/perf";
import {
  type BacktestOptions,
  type BarColumns,
  checkConfig,
  type DepthColumns,
  DepthOp,
  definePlugin,
  type Instrument,
  type MarketData,
  type Plugin,
  runBacktest,
  type TradeColumns,
} from "pitlane";
import type { Suite, Trial, TrialCase } from "../scripts/bench/suite.ts";

const START_US = 1_767_225_600_000_000;
const MINUTE_US = 60_000_000;
const ROWS = 2_000_000;
const FAST = 0.01; // weights of the two moving averages: they cross every 1,000 rows or so
const SLOW = 0.001;
const UNITS = { "M events/s": "1e6/s" } as const;

const instrument: Instrument = {
  id: "sim:AAA/USDT",
  venue: "sim",
  symbol: "AAA/USDT",
  venueSymbol: "AAAUSDT",
  base: "AAA",
  quote: "USDT",
  trading: true,
  priceDecimals: 2,
  sizeDecimals: 3,
  tickIncrement: 1,
  lotIncrement: 1,
  minLots: 1,
  maxLots: Number.MAX_SAFE_INTEGER,
  minNotional: 0n,
};

function makeBars(length: number): BarColumns {
  const random = createRandom(1);
  const column = () => new Float64Array(length);
  const [startUs, openTicks, highTicks, lowTicks, closeTicks, volumeLots] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  let close = 100_000;
  for (let i = 0; i < length; i++) {
    const open = close;
    close = Math.max(1000, close + random.integer(-20, 20));
    startUs[i] = START_US + i * MINUTE_US;
    openTicks[i] = open;
    closeTicks[i] = close;
    highTicks[i] = Math.max(open, close) + random.integer(0, 5);
    lowTicks[i] = Math.min(open, close) - random.integer(0, 5);
    volumeLots[i] = random.integer(1000, 100_000);
  }
  return {
    kind: "bars",
    length,
    intervalUs: MINUTE_US,
    startUs,
    openTicks,
    highTicks,
    lowTicks,
    closeTicks,
    volumeLots,
  };
}

function makeTrades(length: number): TradeColumns {
  const random = createRandom(2);
  const atUs = new Float64Array(length);
  const priceTicks = new Float64Array(length);
  const sizeLots = new Float64Array(length);
  const isSellAggressor = new Uint8Array(length);
  const tradeId = Float64Array.from({ length }, (_, i) => i);
  let nowUs = START_US;
  let price = 100_000;
  for (let i = 0; i < length; i++) {
    nowUs += random.integer(0, 20_000);
    price = Math.max(1000, price + random.integer(-2, 2));
    atUs[i] = nowUs;
    priceTicks[i] = price;
    sizeLots[i] = random.integer(1, 1000);
    isSellAggressor[i] = random.integer(0, 1);
  }
  return { kind: "trades", length, atUs, priceTicks, sizeLots, isSellAggressor, tradeId };
}

/** A snapshot, then diffs of 3 to 20 levels that crowd at the touch, some moves of the touch, and trades. */
function makeDepth(length: number, lagUs: number): DepthColumns {
  const random = createRandom(3);
  const atUs = new Float64Array(length);
  const receivedAtUs = new Float64Array(length);
  const op = new Uint8Array(length);
  const priceTicks = new Float64Array(length);
  const sizeLots = new Float64Array(length);
  let nowUs = START_US;
  let mid = 100_000;
  let i = 0;
  const put = (what: number, ticks = 0, lots = 0) => {
    if (i === length) return;
    atUs[i] = nowUs;
    receivedAtUs[i] = nowUs + lagUs;
    op[i] = what;
    priceTicks[i] = ticks;
    sizeLots[i++] = lots;
  };
  put(DepthOp.clear);
  for (let distance = 1; distance <= 500; distance++) {
    put(DepthOp.bid, mid - distance, 100 + distance);
    put(DepthOp.ask, mid + distance, 100 + distance);
  }
  put(DepthOp.end);
  while (i < length) {
    nowUs += random.integer(500, 20_000);
    const draw = random.next();
    if (draw < 0.1) {
      const isBuy = random.next() < 0.5;
      put(isBuy ? DepthOp.buyTrade : DepthOp.sellTrade, isBuy ? mid + 1 : mid - 1, random.integer(1, 50));
      continue;
    }
    if (draw < 0.15) {
      const isUp = random.next() < 0.5;
      put(isUp ? DepthOp.ask : DepthOp.bid, isUp ? mid + 1 : mid - 1, 0);
      put(isUp ? DepthOp.bid : DepthOp.ask, mid, 100);
      mid += isUp ? 1 : -1;
    } else {
      for (let left = random.integer(3, 20); left > 0; left--) {
        const distance = 1 + Math.floor(Math.min(random.exponential(40), 480));
        const isBid = random.next() < 0.5;
        const lots = distance > 3 && random.next() < 0.25 ? 0 : random.integer(1, 500);
        put(isBid ? DepthOp.bid : DepthOp.ask, isBid ? mid - distance : mid + distance, lots);
      }
    }
    put(DepthOp.end);
  }
  return { kind: "depth", length, atUs, receivedAtUs, op, priceTicks, sizeLots };
}

/** Goes long where the fast average crosses above the slow one, and out where it falls below. */
const crossing = (kind: "bar" | "trade"): Plugin =>
  definePlugin({
    name: "crossing",
    setup(ctx) {
      const averages = new Float64Array(2); // a variable of a closure would be a new box for every number
      let isAbove = false;
      const onPrice = (ticks: number) => {
        if (averages[0] === 0) averages.fill(ticks);
        const fast = averages[0]! + (ticks - averages[0]!) * FAST;
        const slow = averages[1]! + (ticks - averages[1]!) * SLOW;
        averages[0] = fast;
        averages[1] = slow;
        if (fast > slow === isAbove) return;
        isAbove = fast > slow;
        const heldLots = ctx.positionLots(instrument);
        if (isAbove && heldLots === 0) ctx.submit({ instrument, side: "buy", type: "market", sizeLots: 100 });
        else if (!isAbove && heldLots > 0) ctx.submit({ instrument, side: "sell", type: "market", sizeLots: heldLots });
      };
      if (kind === "bar") ctx.on("bar", (bar) => onPrice(bar.closeTicks));
      else ctx.on("trade", (trade) => onPrice(trade.priceTicks));
    },
  });

/** Joins the touch with a post-only order and moves it every 200 quotes: one of ours nearly always stands in the queue. */
const joining: Plugin = definePlugin({
  name: "joining",
  setup(ctx) {
    let quotes = 0;
    ctx.on("quote", ({ bidTicks, askTicks }) => {
      if (quotes++ % 200 !== 0) return;
      for (const order of ctx.openOrders(instrument)) ctx.cancel(order);
      const isLong = ctx.positionLots(instrument) > 0;
      ctx.submit({
        instrument,
        side: isLong ? "sell" : "buy",
        type: "postOnly",
        priceTicks: isLong ? askTicks : bidTicks,
        sizeLots: 100,
      });
    });
  },
});

const options: Omit<BacktestOptions, "plugins" | "data"> = {
  fees: { makerBps: 1, takerBps: 5 },
  balances: new Map([
    ["USDT", 1_000_000_00000000n],
    ["AAA", 1_000_00000000n], // commission on what is bought is paid from it
  ]),
  risk: {
    ...checkConfig({}, "the bench").risk,
    // A limit on losses looks at the position's worth at every bar, which is a row of its own.
    maxDrawdown: "0",
    maxDailyLoss: "0",
  },
};

/** Runs until `seconds` are over and takes the fastest: the first ones are compiled while they run. */
function ours(
  plugin: Plugin,
  makeColumns: (length: number) => MarketData["columns"],
  more: Partial<BacktestOptions> = {},
) {
  return async (seconds: number): Promise<Readonly<Record<string, number>>> => {
    const columns = makeColumns(ROWS);
    const run = (data: MarketData["columns"]) =>
      runBacktest({ ...options, ...more, plugins: [{ plugin }], data: [{ instrument, columns: data }] });
    const endMs = performance.now() + seconds * 1000;
    let best = Number.POSITIVE_INFINITY;
    do {
      const { elapsedNs, orders, fills } = await run(columns);
      if (orders.denied > 0 || fills.length === 0) throw new Error(`${orders.denied} denied, ${fills.length} fills`);
      best = Math.min(best, elapsedNs);
    } while (performance.now() < endMs);
    return { "M events/s": (ROWS / best) * 1e3 };
  };
}

/** What 50,000 events more leave on the heap, orders among them: too little for a collection in between. */
function heap(plugin: Plugin, makeColumns: (length: number) => MarketData["columns"]): TrialCase["run"] {
  return async () => {
    const collect = (globalThis as { readonly gc?: () => void }).gc;
    if (collect === undefined) throw new Error("run with --expose-gc");
    const run = (columns: MarketData["columns"]) =>
      runBacktest({ ...options, plugins: [{ plugin }], data: [{ instrument, columns }] });
    await run(makeColumns(ROWS)); // until it is compiled
    const bytes: number[] = [];
    for (const length of [50_000, 100_000]) {
      const columns = makeColumns(length);
      await run(columns);
      collect();
      const before = process.memoryUsage().heapUsed;
      await run(columns);
      bytes.push(process.memoryUsage().heapUsed - before);
    }
    return { "bytes/event": Math.max(0, (bytes[1]! - bytes[0]!) / 50_000) };
  };
}

/** Runs a loop over the columns until `seconds` are over, and takes the fastest. */
function loop<Columns>(makeColumns: (length: number) => Columns, pass: (columns: Columns) => number, length = ROWS) {
  return (seconds: number): Promise<Readonly<Record<string, number>>> => {
    const columns = makeColumns(length);
    const endMs = performance.now() + seconds * 1000;
    let best = Number.POSITIVE_INFINITY;
    let kept = 0;
    do {
      const startedMs = performance.now();
      kept += pass(columns);
      best = Math.min(best, performance.now() - startedMs);
    } while (performance.now() < endMs);
    if (Number.isNaN(kept)) throw new Error("the strategy went wrong");
    return Promise.resolve({ "M events/s": length / best / 1e3 });
  };
}

function crossingLoop(ticks: Float64Array, fillTicks: Float64Array): number {
  let fast = ticks[0]!;
  let slow = fast;
  let isAbove = false;
  let cash = 0;
  for (let i = 0; i < ticks.length - 1; i++) {
    const price = ticks[i]!;
    fast += (price - fast) * FAST;
    slow += (price - slow) * SLOW;
    if (fast > slow === isAbove) continue;
    isAbove = fast > slow;
    cash += (isAbove ? -1.0005 : 0.9995) * 100 * fillTicks[i + 1]!;
  }
  return cash;
}

/** A bare tick ladder around the first price: both sides, a bit for each level, the best by search from where it was. */
function ladderLoop({ length, op, priceTicks, sizeLots }: DepthColumns): number {
  const SIZE = 65_536;
  const base = 100_000 - SIZE / 2;
  const bids = new Float64Array(SIZE);
  const asks = new Float64Array(SIZE);
  let bid = 0;
  let ask = SIZE - 1;
  let cash = 0;
  for (let i = 0; i < length; i++) {
    const what = op[i]!;
    const at = (priceTicks[i]! - base) | 0;
    const lots = sizeLots[i]!;
    if (what === DepthOp.bid) {
      bids[at] = lots;
      if (lots > 0 && at > bid) bid = at;
      while (bid > 0 && bids[bid] === 0) bid--;
    } else if (what === DepthOp.ask) {
      asks[at] = lots;
      if (lots > 0 && at < ask) ask = at;
      while (ask < SIZE - 1 && asks[ask] === 0) ask++;
    } else if (what === DepthOp.end && (i & 1023) === 0) cash += bid - ask;
  }
  return cash;
}

interface GrademarkBar {
  readonly time: Date;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly fast: number;
  readonly slow: number;
}

/** grademark with its indicators worked out beforehand: rules on bars as objects, entries and exits at the next open. */
function grademark(): TrialCase["run"] {
  const load = createRequire(createRequire(import.meta.url).resolve("grademark"));
  const { DataFrame } = load("data-forge") as { readonly DataFrame: new (values: readonly GrademarkBar[]) => unknown };
  const { backtest } = load("./index.js") as {
    readonly backtest: (strategy: object, bars: unknown) => readonly unknown[];
  };
  const toBars = (length: number): GrademarkBar[] => {
    const { startUs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = makeBars(length);
    let fast = closeTicks[0]!;
    let slow = fast;
    return Array.from({ length }, (_, i) => {
      fast += (closeTicks[i]! - fast) * FAST;
      slow += (closeTicks[i]! - slow) * SLOW;
      return {
        time: new Date(startUs[i]! / 1000),
        open: openTicks[i]!,
        high: highTicks[i]!,
        low: lowTicks[i]!,
        close: closeTicks[i]!,
        volume: volumeLots[i]!,
        fast,
        slow,
      };
    });
  };
  const strategy = {
    entryRule: (enter: () => void, { bar }: { readonly bar: GrademarkBar }) => {
      if (bar.fast > bar.slow) enter();
    },
    exitRule: (exit: () => void, { bar }: { readonly bar: GrademarkBar }) => {
      if (bar.fast < bar.slow) exit();
    },
  };
  return loop(
    (length) => new DataFrame(toBars(length)),
    (bars) => backtest(strategy, bars).length,
    200_000,
  );
}

const rate = (atLeast: number) => ({ "M events/s": { atLeast } });

const trials: readonly Trial[] = [
  {
    name: "bars: hook, market orders every 1,000 bars, fees",
    units: UNITS,
    seconds: 6,
    reference: "loop over typed columns (limit)",
    cases: {
      pitlane: { run: ours(crossing("bar"), makeBars), targets: rate(30), aims: rate(0.1) },
      "pitlane, with limits on drawdown and daily loss": {
        run: ours(crossing("bar"), makeBars, { risk: checkConfig({}, "the bench").risk }),
        note: "a float decides at each bar, an exact valuation where it is near a limit or a new extreme",
      },
      "grademark 0.3": {
        run: (seconds) => grademark()(seconds),
        note: "indicators precomputed; no orders, balances or fees",
      },
      "loop over typed columns (limit)": {
        run: loop(makeBars, ({ closeTicks, openTicks }) => crossingLoop(closeTicks, openTicks)),
      },
    },
  },
  {
    name: "trades: hook, market orders every 1,000 trades, fees",
    units: UNITS,
    seconds: 6,
    reference: "loop over typed columns (limit)",
    cases: {
      pitlane: { run: ours(crossing("trade"), makeTrades), targets: rate(20), aims: rate(0.07) },
      "loop over typed columns (limit)": {
        run: loop(makeTrades, ({ priceTicks }) => crossingLoop(priceTicks, priceTicks)),
      },
    },
  },
  {
    name: "L2 updates: book, hook on quotes, an order in the queue, fees",
    units: UNITS,
    seconds: 6,
    reference: "loop over typed columns with a ladder (limit)",
    cases: {
      "pitlane, no latency": {
        run: ours(joining, (length) => makeDepth(length, 0)),
        targets: rate(10),
        aims: rate(0.1),
      },
      "pitlane, 1 ms feed and order latency": {
        run: ours(joining, (length) => makeDepth(length, 1000), { latency: { orderUs: 1000 } }),
        targets: rate(10),
        note: "two books: the venue's, and the one that the strategy sees later",
      },
      "loop over typed columns with a ladder (limit)": { run: loop((length) => makeDepth(length, 0), ladderLoop) },
    },
  },
  {
    name: "heap: what an event leaves, orders shared out among them",
    units: { "bytes/event": "B" },
    seconds: 1,
    cases: {
      "bars, an order every 1,000": { run: heap(crossing("bar"), makeBars) },
      "trades, an order every 1,000": { run: heap(crossing("trade"), makeTrades) },
      "L2 updates": { run: heap(joining, (length) => makeDepth(length, 0)) },
    },
  },
];

const suite: Suite = { name: "backtest", comparisons: [], trials };

export default suite;
