// A detector that is slower than its market tells of prices that are gone. Each quote of 100 instruments on 3 venues is timed alone: ours, and
// every route scanned anew on each quote in plain doubles, as bots are often written. Both hear the same seeded quotes; ours works each find out
// exactly as well, which the scan does not.
import { createRandom, createSystemClock } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import type { Instrument } from "@pitlane/sdk";
import { ArbitrageDetector } from "pitlane";
import type { Suite, TrialCase } from "../scripts/bench/suite.ts";

const VENUES = ["one", "two", "three"];
const QUOTES = 200_000; // distinct ones, heard over and over
const FEE_BPS = 5;
const FEE = FEE_BPS / 10_000;
const QUOTE_EVERY_US = 100;
const COINS = 38;

interface Quote {
  readonly index: number;
  readonly bid: number;
  readonly bidLots: number;
  readonly ask: number;
  readonly askLots: number;
}

type Update = (index: number, bid: number, bidLots: number, ask: number, askLots: number, nowUs: number) => void;

/** 38 coins in USDT, 33 of them in BTC and 26 in ETH as well, and the three pairs of those: 100 on each venue. */
function listAll(): readonly Instrument[] {
  const pairs: [string, string][] = [
    ["BTC", "USDT"],
    ["ETH", "USDT"],
    ["ETH", "BTC"],
  ];
  for (let coin = 0; coin < COINS; coin++) {
    pairs.push([`C${coin}`, "USDT"]);
    if (coin < 33) pairs.push([`C${coin}`, "BTC"]);
    if (coin < 26) pairs.push([`C${coin}`, "ETH"]);
  }
  return VENUES.flatMap((venue) =>
    pairs.map(([base, quote]) => ({
      id: `${venue}:${base}/${quote}`,
      venue,
      symbol: `${base}/${quote}`,
      venueSymbol: `${base}${quote}`,
      base,
      quote,
      trading: true,
      priceDecimals: 8,
      sizeDecimals: 4,
      tickIncrement: 1,
      lotIncrement: 1,
      minLots: 1,
      maxLots: Number.MAX_SAFE_INTEGER,
      minNotional: 0n,
    })),
  );
}

/** Quotes around fair prices that wander, each venue a little off: now and then something pays. */
function quotesOf(instruments: readonly Instrument[]): readonly Quote[] {
  const random = createRandom(1);
  const fair = new Map<string, number>([
    ["USDT", 1],
    ["BTC", 60_000],
    ["ETH", 3_000],
  ]);
  for (let coin = 0; coin < COINS; coin++) fair.set(`C${coin}`, 10 + random.next() * 500);
  const names = [...fair.keys()].filter((name) => name !== "USDT");
  return Array.from({ length: QUOTES }, () => {
    const name = names[random.integer(0, names.length - 1)] as string;
    fair.set(name, (fair.get(name) as number) * (1 + random.normal() * 0.0001));
    const index = random.integer(0, instruments.length - 1);
    const { base, quote } = instruments[index] as Instrument;
    const mid = ((fair.get(base) as number) / (fair.get(quote) as number)) * (1 + random.normal() * 0.0002);
    return {
      index,
      bid: Math.floor(mid * (1 - 0.0001) * 1e8),
      bidLots: random.integer(1_000, 1_000_000),
      ask: Math.ceil(mid * (1 + 0.0001) * 1e8),
      askLots: random.integer(1_000, 1_000_000),
    };
  });
}

/** Every route of every venue, all of them at each quote. */
function fullScan(instruments: readonly Instrument[], onFind: () => void): Update {
  const bid = instruments.map(() => Number.NaN);
  const ask = instruments.map(() => Number.NaN);
  const pairs: [number, number][] = [];
  const paths: [leg: number, isBuy: boolean][][] = [];
  const hops = instruments.flatMap(({ venue, base, quote }, leg) => [
    { venue, from: base, to: quote, leg, isBuy: false },
    { venue, from: quote, to: base, leg, isBuy: true },
  ]);
  for (const [i, one] of instruments.entries())
    for (const [j, two] of instruments.entries())
      if (one.symbol === two.symbol && one.venue !== two.venue) pairs.push([i, j]);
  for (const a of hops)
    for (const b of hops)
      if (b.venue === a.venue && b.from === a.to && b.leg !== a.leg)
        for (const c of hops)
          if (
            c.venue === a.venue &&
            c.from === b.to &&
            c.to === a.from &&
            c.leg !== b.leg &&
            a.from < a.to &&
            a.from < b.to
          )
            paths.push([a, b, c].map(({ leg, isBuy }) => [leg, isBuy]));
  return (index, bidTicks, _bidLots, askTicks) => {
    bid[index] = bidTicks / 1e8;
    ask[index] = askTicks / 1e8;
    for (const [buy, sell] of pairs) {
      if ((bid[sell] as number) * (1 - FEE) > (ask[buy] as number) * (1 + FEE) && (buy === index || sell === index))
        onFind();
    }
    for (const path of paths) {
      let rate = 1;
      let touches = false;
      for (const [leg, isBuy] of path) {
        rate *= isBuy ? 1 / ((ask[leg] as number) * (1 + FEE)) : (bid[leg] as number) * (1 - FEE);
        touches ||= leg === index;
      }
      if (rate > 1 && touches) onFind();
    }
  };
}

function timed(create: (instruments: readonly Instrument[], onFind: () => void) => Update): TrialCase["run"] {
  return async (seconds) => {
    const clock = createSystemClock();
    const instruments = listAll();
    const quotes = quotesOf(instruments);
    let finds = 0;
    const update = create(instruments, () => {
      finds++;
    });
    let nowUs = 0;
    let next = 0;
    const hear = () => {
      const { index, bid, bidLots, ask, askLots } = quotes[next] as Quote;
      next = (next + 1) % QUOTES;
      nowUs += QUOTE_EVERY_US;
      const startedNs = clock.monotonicNs();
      update(index, bid, bidLots, ask, askLots, nowUs);
      return clock.monotonicNs() - startedNs;
    };
    const runFor = (ms: number, record: (elapsedNs: number) => void) => {
      for (const untilNs = clock.monotonicNs() + ms * 1e6; clock.monotonicNs() < untilNs; ) record(hear());
    };
    runFor(1000, () => undefined);
    finds = 0;
    const histogram = new LatencyHistogram();
    runFor(seconds * 1000, (elapsedNs) => histogram.record(elapsedNs));
    const { p50, p99, p999, max, count } = histogram.summary();
    if (finds === 0)
      throw new Error("nothing was found: the market of this bench never pays, and its figures say nothing");
    return { p50, p99, "p99.9": p999, max, "finds a thousand quotes": (finds / count) * 1000 };
  };
}

const suite: Suite = {
  name: "arbitrage, 100 instruments on 3 venues",
  comparisons: [],
  trials: [
    {
      name: "one quote",
      units: { p50: "us", p99: "us", "p99.9": "us", max: "us", "finds a thousand quotes": "" },
      seconds: 5,
      reference: "full scan",
      cases: {
        "ours, by route": {
          run: timed((instruments, onFind) => {
            const detector = new ArbitrageDetector({
              instruments,
              feeBps: () => FEE_BPS,
              maxAgeMs: 600_000,
              onOpportunity: onFind,
            });
            return (index, bid, bidLots, ask, askLots, nowUs) =>
              detector.update(index, bid, bidLots, ask, askLots, nowUs);
          }),
          targets: { p99: { atMost: 100 } },
          aims: { p50: { atMost: 1 }, p99: { atMost: 1 } },
        },
        "full scan": { run: timed(fullScan) },
      },
    },
  ],
};

export default suite;
