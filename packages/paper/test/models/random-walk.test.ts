import { createRandom } from "@pitlane/perf";
import { expect, test } from "vitest";
import type { Account } from "../../src/engine/accounts.ts";
import { Exchange } from "../../src/engine/exchange.ts";
import type { Trade } from "../../src/engine/tape.ts";
import { DEFAULT_INSTRUMENTS, toInstrument, toInstruments } from "../../src/instruments.ts";
import { CALM_WEATHER, checkModel, type MarketModelName, weatherOf } from "../../src/models/climate.ts";
import { makeDueSteps } from "../../src/models/driver.ts";
import { LADDER_LEVELS, nextStep, RandomWalk, startOf } from "../../src/models/random-walk.ts";

const START_US = 1_767_225_600_000_000;

function run({
  seed = 1,
  model = "random-walk",
  seconds = 20,
  stepMs = 5,
  disturb = () => {},
}: {
  seed?: number;
  model?: MarketModelName;
  seconds?: number;
  stepMs?: number;
  disturb?: (exchange: Exchange, nowUs: number) => void;
}) {
  const trades: (Trade & { symbol: string })[] = [];
  let bookChanges = 0;
  const exchange = new Exchange({
    instruments: toInstruments(DEFAULT_INSTRUMENTS),
    listener: {
      onTrade: ({ instrument }, trade) => trades.push({ ...trade, symbol: instrument.symbol }),
      onAggregate: () => {},
      onLevel: () => {},
      onBook: () => bookChanges++,
      onReport: () => {},
      onBalances: () => {},
    },
  });
  const random = createRandom(seed);
  const weather = weatherOf(model, toInstruments(DEFAULT_INSTRUMENTS), random.fork("weather"));
  const models = exchange.markets.map(
    (market, i) => new RandomWalk(market, random.fork(market.instrument.symbol), START_US, weather[i]),
  );
  const mids = exchange.markets.map((): number[] => []);
  for (let nowUs = START_US; nowUs <= START_US + seconds * 1e6; nowUs += stepMs * 1000) {
    makeDueSteps(models, nowUs);
    disturb(exchange, nowUs);
    exchange.markets.forEach(({ engine, instrument }, i) => {
      const { tickIncrement } = instrument;
      const bid = engine.bids.best?.priceTicks; // a crash may sweep a side empty for a moment
      const ask = engine.asks.best?.priceTicks;
      if (bid !== undefined && ask !== undefined) mids[i]!.push((bid + ask) / 2 / tickIncrement);
      else mids[i]!.push(mids[i]!.at(-1)!);
    });
  }
  return { exchange, trades, bookChanges, mids, random };
}

const tapeOf = (trades: readonly Trade[]) =>
  trades.map(({ priceTicks, lots, buyerIsMaker, atUs }) => [priceTicks, lots, buyerIsMaker, atUs]);

test("the same seed trades the same tape, another seed another", () => {
  const first = tapeOf(run({ seed: 5 }).trades);
  expect(first.length).toBeGreaterThan(500);
  expect(tapeOf(run({ seed: 5 }).trades)).toEqual(first);
  expect(tapeOf(run({ seed: 6 }).trades)).not.toEqual(first);
});

test("its decisions do not depend on who else trades", () => {
  const takes = (trades: ReturnType<typeof run>["trades"]) =>
    trades.filter(({ symbol }) => symbol === "BBBUSDT").length;
  const quiet = run({ seed: 5 });
  const disturbed = run({
    seed: 5,
    disturb: (exchange, nowUs) => exchange.markets[0]!.placeHouse("BUY", Number.MAX_SAFE_INTEGER, 1000, "IOC", nowUs),
  });
  expect(takes(disturbed.trades)).toBe(takes(quiet.trades));
  expect(disturbed.mids[1]).toEqual(quiet.mids[1]);
  expect(disturbed.trades.length).toBeGreaterThan(quiet.trades.length + 1000);
});

test("keeps a deep book on both sides that is never crossed", () => {
  run({
    disturb: ({ markets }) => {
      for (const { engine } of markets) {
        expect(engine.bids.best!.priceTicks).toBeLessThan(engine.asks.best!.priceTicks);
        // Market orders eat a few levels between two moves.
        expect(Math.min(engine.bids.levels.length, engine.asks.levels.length)).toBeGreaterThan(10);
        expect(Math.max(engine.bids.levels.length, engine.asks.levels.length)).toBeLessThanOrEqual(LADDER_LEVELS);
      }
    },
  });
});

test("is lively but bounded: trades and changes of the book per second", () => {
  const { trades, bookChanges } = run({ seconds: 60 });
  expect(trades.length / 60).toBeGreaterThan(40);
  expect(trades.length / 60).toBeLessThan(400);
  expect(bookChanges / 60).toBeLessThan(4000);
});

test("runs 5 to 20 ticks within seconds, again and again, and stays near where it began", () => {
  const { mids } = run({ seconds: 120 });
  const second = 200; // of 5 ms
  for (const prices of mids) {
    let runs = 0;
    for (let i = 3 * second; i < prices.length; i += 3 * second)
      if (Math.abs(prices[i]! - prices[i - 3 * second]!) >= 5) runs++;
    expect(runs).toBeGreaterThan(8); // of 40 windows of 3 seconds
    const far = Math.max(...prices.map((price) => Math.abs(price - prices[0]!)));
    expect(far).toBeLessThan(400);
  }
});

test("fills a small passive market maker at the best prices several times a second", () => {
  const seconds = 30;
  let maker: Account | undefined;
  let ids = 0;
  let lastUs = 0;
  const { exchange } = run({
    seconds,
    disturb: ({ accounts, markets }, nowUs) => {
      if (nowUs - lastUs < 500_000) return; // it quotes anew twice a second
      lastUs = nowUs;
      if (maker === undefined) {
        maker = accounts.open({ makerRate: 0n, takerRate: 0n });
        for (const asset of ["USDT", "AAA", "BBB", "CCC", "DDD"]) maker.balance(asset).free = 10n ** 15n;
      }
      const account = maker;
      for (const market of markets) {
        for (const order of market.ledger.open(account.index)) market.cancel(order, `cancel-${ids++}`, nowUs);
        const { instrument, engine } = market;
        // About 100 quote units.
        const lots = Math.max(
          1,
          Math.round((100 * 10 ** (instrument.priceDecimals + instrument.sizeDecimals)) / instrument.startTicks),
        );
        const shape = {
          account,
          type: "LIMIT_MAKER",
          timeInForce: "GTC",
          lots,
          quoteUnits: 0n,
          prevention: "EXPIRE_MAKER",
        } as const;
        const bid = engine.bids.best!.priceTicks;
        const ask = engine.asks.best!.priceTicks;
        market.place({ ...shape, side: "BUY", priceTicks: bid, clientOrderId: `bid-${ids++}` }, nowUs);
        market.place({ ...shape, side: "SELL", priceTicks: ask, clientOrderId: `ask-${ids++}` }, nowUs);
      }
    },
  });
  const fills = exchange.markets.reduce(
    (sum, { ledger }) => sum + ledger.fills.items.filter(({ isMaker }) => isMaker).length,
    0,
  );
  expect(fills / seconds).toBeGreaterThan(3);
});

test("sizes and prices are whole steps within the instrument's bounds", () => {
  const { trades, exchange } = run({});
  for (const { symbol, priceTicks, lots } of trades) {
    const { tickIncrement, lotIncrement } = exchange.market(symbol)!.instrument;
    expect(priceTicks % tickIncrement).toBe(0);
    expect(lots % lotIncrement).toBe(0);
    expect(lots).toBeGreaterThan(0);
  }
});

test("a step is a function of its arguments", () => {
  const instrument = toInstrument(DEFAULT_INSTRUMENTS[1]!);
  const state = startOf(instrument);
  const step = () => nextStep(instrument, CALM_WEATHER, state, createRandom(3));
  expect(step()).toEqual(step());
});

/** Changes of the middle over windows of `ms`, as parts of the price. */
function returnsOf(prices: readonly number[], ms: number): number[] {
  const every = ms / 5;
  const returns: number[] = [];
  for (let i = every; i < prices.length; i += every) returns.push(Math.log(prices[i]! / prices[i - every]!));
  return returns;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  const both = sum((i) => (a[i]! - meanA) * (b[i]! - meanB));
  return both / Math.sqrt(sum((i) => (a[i]! - meanA) ** 2) * sum((i) => (b[i]! - meanB) ** 2));
}

test("every model trades the same tape for the same seed, and each another one", () => {
  const tapes = (["random-walk", "mean-reversion", "correlated-pairs", "flash-crash"] as const).map((model) => {
    const tape = JSON.stringify(tapeOf(run({ seed: 5, model, seconds: 40 }).trades));
    expect(JSON.stringify(tapeOf(run({ seed: 5, model, seconds: 40 }).trades))).toBe(tape);
    return tape;
  });
  expect(new Set(tapes).size).toBe(4);
});

test("pairs move together, strangers do not, and the gap inside a pair closes again", () => {
  const { mids } = run({ model: "correlated-pairs", seconds: 200 });
  const [a, b, c] = mids.map((prices) => returnsOf(prices, 2_000));
  expect(correlation(a!, b!)).toBeGreaterThan(0.8);
  expect(Math.abs(correlation(a!, c!))).toBeLessThan(0.5);
  const gaps = mids[0]!.map((price, i) => Math.log(price / mids[0]![0]!) - Math.log(mids[1]![i]! / mids[1]![0]!));
  const widest = Math.max(...gaps.map(Math.abs));
  const paths = Math.max(...mids[0]!.map((price) => Math.abs(Math.log(price / mids[0]![0]!))));
  expect(widest).toBeGreaterThan(0.0005); // something to trade
  expect(widest).toBeLessThan(paths);
  let crossings = 0;
  for (let i = 1; i < gaps.length; i++) if (gaps[i]! > 0 !== gaps[i - 1]! > 0) crossings++;
  expect(crossings).toBeGreaterThan(10);
});

test("mean reversion undoes moves that a walk keeps", () => {
  const spread = (model: MarketModelName) => {
    const { mids } = run({ model, seconds: 120 });
    return Math.max(...mids[0]!.map((price) => Math.abs(price - mids[0]![0]!)));
  };
  expect(spread("mean-reversion")).toBeLessThan(60);
  const { mids } = run({ model: "mean-reversion", seconds: 120 });
  const moves = returnsOf(mids[0]!, 10_000);
  // What one window takes, the next gives back.
  expect(correlation(moves.slice(0, -1), moves.slice(1))).toBeLessThan(0);
});

test("a crash takes 4 to 10 percent within seconds, on a thin book, and most of it comes back", () => {
  const thickness: number[] = [];
  const { mids } = run({
    model: "flash-crash",
    seconds: 150,
    disturb: ({ markets }) => {
      thickness.push(markets[0]!.engine.bids.levels.reduce((sum, { lots }) => sum + lots, 0));
    },
  });
  const prices = mids[0]!;
  const fiveSeconds = 1_000;
  const falls = prices.map((price, i) =>
    i < fiveSeconds ? 0 : price / Math.max(...prices.slice(i - fiveSeconds, i)) - 1,
  );
  const bottom = falls.indexOf(Math.min(...falls));
  expect(falls[bottom]).toBeLessThan(-0.03);
  expect(falls[bottom]).toBeGreaterThan(-0.12);
  const before = Math.max(...prices.slice(bottom - fiveSeconds, bottom));
  const after = Math.max(...prices.slice(bottom, bottom + 5 * fiveSeconds));
  expect((after - prices[bottom]!) / (before - prices[bottom]!)).toBeGreaterThan(0.5);
  const mean = (of: readonly number[]) => of.reduce((sum, lots) => sum + lots, 0) / of.length;
  const inFall = mean(thickness.slice(bottom - 100, bottom));
  expect(inFall).toBeLessThan(mean(thickness.slice(0, 1_000)) / 2);
});

test("a model that there is none of is refused by name", () => {
  expect(() => checkModel("steady" as "random-walk")).toThrow(
    'model must be one of random-walk, mean-reversion, correlated-pairs, flash-crash, got "steady"',
  );
});
