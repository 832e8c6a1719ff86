// What bars and statistics cost each market event, beside the plainest loop that adds up the same without being exact, checked or resumable.
// Every trade and quote of an instrument that somebody listens to pays this; one that nobody asked for pays the last row alone.
import type { QuoteEvent, TradeEvent } from "@pitlane/sdk";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import type { BarEvery } from "../src/engines/bar-every.ts";
import { BarBuilder } from "../src/engines/bars.ts";
import { MarketFeeds } from "../src/engines/market-feeds.ts";
import { Microstructure } from "../src/engines/microstructure.ts";
import { testInstrument } from "../src/testing.ts";

const instrument = testInstrument();
const START_US = 1_767_225_600_000_000;
const LENGTH = 4096; // of the made-up market, which is gone through again and again
const STEP_US = 10_000;
const MINUTE_US = 60_000_000;

const ticks = Float64Array.from({ length: LENGTH }, (_, i) => 6_125_000 + Math.round(40 * Math.sin(i / 7)) + (i % 3));
const lots = Float64Array.from({ length: LENGTH }, (_, i) => 1 + ((i * 7919) % 1000));
const sums = new Float64Array(1);

/** A hundred trades a second into bars. */
function bars(every: BarEvery): Case {
  return {
    loop: () => {
      const builder = new BarBuilder({
        instrument,
        every,
        onBar: ({ closeTicks, volumeLots }) => {
          sums[0]! += closeTicks + volumeLots;
        },
      });
      const clock = Float64Array.of(START_US); // a captured number would cost an object each time it is written
      return (n) => {
        const fromUs = clock[0]!;
        for (let i = 0; i < n; i++) {
          const row = i & (LENGTH - 1);
          builder.trade(fromUs + i * STEP_US, ticks[row]!, lots[row]!);
        }
        clock[0] = fromUs + n * STEP_US;
        return sums[0];
      };
    },
  };
}

/** Open, high, low, close, volume and turnover in locals, with no object at the end of a bar. */
function plainBars(isOver: (trades: number, turnover: number, atUs: number, endUs: number) => boolean): Case {
  return {
    loop: () => (n) => {
      let endUs = START_US + MINUTE_US;
      let high = 0;
      let low = Number.MAX_VALUE;
      let close = 0;
      let volume = 0;
      let turnover = 0;
      let trades = 0;
      for (let i = 0; i < n; i++) {
        const row = i & (LENGTH - 1);
        const price = ticks[row]!;
        const size = lots[row]!;
        if (price > high) high = price;
        if (price < low) low = price;
        close = price;
        volume += size;
        turnover += price * size;
        trades++;
        if (!isOver(trades, turnover, START_US + i * STEP_US, endUs)) continue;
        sums[0]! += close + volume + high - low;
        endUs += MINUTE_US;
        high = 0;
        low = Number.MAX_VALUE;
        volume = 0;
        turnover = 0;
        trades = 0;
      }
      return sums[0];
    },
  };
}

const statsOfTrades: Case = {
  loop: () => {
    const stats = new Microstructure({ instrument, book: () => undefined });
    return (n) => {
      for (let i = 0; i < n; i++) {
        const row = i & (LENGTH - 1);
        stats.trade(ticks[row]!, lots[row]!, (i & 1) === 0);
      }
      return stats.vwapTicks + stats.tradeThroughs;
    };
  },
};

/** Adds the trade that comes and takes off the one that goes, in floats that drift. */
const plainTrades: Case = {
  loop: () => (n) => {
    let turnover = 0;
    let volume = 0;
    for (let i = 0; i < n; i++) {
      const row = i & (LENGTH - 1);
      const gone = (i - 100) & (LENGTH - 1);
      turnover += ticks[row]! * lots[row]! - ticks[gone]! * lots[gone]!;
      volume += lots[row]! - lots[gone]!;
    }
    return turnover / volume;
  },
};

const statsOfQuotes: Case = {
  loop: () => {
    const stats = new Microstructure({ instrument, book: () => undefined });
    const clock = Float64Array.of(START_US);
    return (n) => {
      const fromUs = clock[0]!;
      clock[0] = fromUs + n * STEP_US;
      for (let i = 0; i < n; i++) {
        const row = i & (LENGTH - 1);
        stats.quote(fromUs + i * STEP_US, ticks[row]!, lots[row]!, ticks[row]! + 3, lots[LENGTH - 1 - row]!);
      }
      return stats.orderFlowImbalance + stats.realizedVolatility;
    };
  },
};

/** The order-flow imbalance alone, of a book whose prices do not move, without a window. */
const plainQuotes: Case = {
  loop: () => (n) => {
    let flow = 0;
    for (let i = 1; i < n; i++) {
      const row = i & (LENGTH - 1);
      const before = (i - 1) & (LENGTH - 1);
      flow += lots[row]! - lots[before]! - lots[LENGTH - 1 - row]! + lots[LENGTH - 1 - before]!;
    }
    return flow;
  },
};

const at = { instrument, venueAtUs: START_US, receivedAtUs: START_US, receivedNs: 1 };
const trade: TradeEvent = {
  kind: "trade",
  ...at,
  tradeId: 1,
  priceTicks: 6_125_000,
  sizeLots: 3,
  aggressor: "buy",
  isBackfilled: false,
};
const quote: QuoteEvent = {
  kind: "quote",
  ...at,
  bidTicks: 6_125_000,
  bidLots: 3,
  askTicks: 6_125_001,
  askLots: 4,
  sequence: 1,
};

/** An event through the session's feeds. */
function through(event: TradeEvent | QuoteEvent, ask: (feeds: MarketFeeds) => void): Case {
  return {
    loop: () => {
      const feeds = new MarketFeeds({
        instruments: [instrument],
        book: () => undefined,
        publish: () => sums[0]!++,
        setTimer: () => {},
      });
      ask(feeds);
      const clock = Float64Array.of(START_US);
      return (n) => {
        const fromUs = clock[0]!;
        clock[0] = fromUs + n * STEP_US;
        for (let i = 0; i < n; i++) {
          feeds.before(event, 0, fromUs + i * STEP_US);
          feeds.after(event, 0, fromUs + i * STEP_US);
        }
        return sums[0];
      };
    },
  };
}

const minute = plainBars((_trades, _turnover, atUs, endUs) => atUs >= endUs);
const NOTE = "adds up in floats, makes no bar";

const suite: Suite = {
  name: "data",
  comparisons: [
    {
      name: "a trade into one-minute bars",
      unit: "ns/op",
      ours: bars("1m"),
      peers: { "plain loop (floor)": { case: minute, aim: null, note: NOTE } },
    },
    {
      name: "a trade into bars of 100 trades",
      unit: "ns/op",
      ours: bars({ ticks: 100 }),
      peers: { "plain loop (floor)": { case: plainBars((trades) => trades >= 100), aim: null, note: NOTE } },
    },
    {
      name: "a trade into bars of an amount, some 100 trades each",
      unit: "ns/op",
      ours: bars({ notional: 30_625_000_00000n * 1000n }),
      peers: {
        "plain loop (floor)": { case: plainBars((_trades, turnover) => turnover >= 3.0625e11), aim: null, note: NOTE },
      },
    },
    {
      name: "a trade into the statistics",
      unit: "ns/op",
      ours: statsOfTrades,
      peers: { "plain rolling VWAP (floor)": { case: plainTrades, aim: null, note: "drifts; no trade-throughs" } },
    },
    {
      name: "a quote into the statistics",
      unit: "ns/op",
      ours: statsOfQuotes,
      peers: { "plain sum of flows (floor)": { case: plainQuotes, aim: null, note: "no window, no volatility" } },
    },
    {
      name: "a trade through the feeds: 1m bars and statistics",
      unit: "ns/op",
      ours: through(trade, (feeds) => {
        feeds.bars(instrument, "1m");
        feeds.stats(instrument);
      }),
      peers: { "nothing asked for": { case: through(trade, () => {}), aim: null } },
    },
    {
      name: "a quote through the feeds: statistics and 10,000 recent rows",
      unit: "ns/op",
      ours: through(quote, (feeds) => {
        feeds.stats(instrument);
        feeds.recent(instrument, "quotes");
      }),
      peers: { "nothing asked for": { case: through(quote, () => {}), aim: null } },
    },
  ],
};

export default suite;
