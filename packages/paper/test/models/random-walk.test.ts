import { createRandom } from "@pitlane/perf";
import { expect, test } from "vitest";
import type { Account } from "../../src/engine/accounts.ts";
import { Exchange } from "../../src/engine/exchange.ts";
import type { Trade } from "../../src/engine/tape.ts";
import { DEFAULT_INSTRUMENTS, toInstrument, toInstruments } from "../../src/instruments.ts";
import { makeDueSteps } from "../../src/models/driver.ts";
import { LADDER_LEVELS, nextStep, RandomWalk, startOf } from "../../src/models/random-walk.ts";

const START_US = 1_767_225_600_000_000;

function run({
  seed = 1,
  seconds = 20,
  stepMs = 5,
  disturb = () => {},
}: {
  seed?: number;
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
  const models = exchange.markets.map(
    (market) => new RandomWalk(market, random.fork(market.instrument.symbol), START_US),
  );
  const mids = exchange.markets.map((): number[] => []);
  for (let nowUs = START_US; nowUs <= START_US + seconds * 1e6; nowUs += stepMs * 1000) {
    makeDueSteps(models, nowUs);
    disturb(exchange, nowUs);
    exchange.markets.forEach(({ engine, instrument }, i) => {
      const { tickIncrement } = instrument;
      mids[i]!.push((engine.bids.best!.priceTicks + engine.asks.best!.priceTicks) / 2 / tickIncrement);
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
  expect(nextStep(instrument, state, createRandom(3))).toEqual(nextStep(instrument, state, createRandom(3)));
});
