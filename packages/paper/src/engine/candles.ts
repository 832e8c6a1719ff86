import type { TradeSum } from "./trade-sum.ts";

/** The candle intervals the venue names. */
export const INTERVALS = [
  "1s",
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M",
] as const;

export type Interval = (typeof INTERVALS)[number];

/** Trading of one interval. Prices in ticks, base volume in lots, quote volume in units of 10^-8. */
export interface Candle {
  readonly openUs: number;
  /** Start of the next one. */
  readonly endUs: number;
  readonly openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  lots: bigint;
  quoteUnits: bigint;
  takerBuyLots: bigint;
  takerBuyQuoteUnits: bigint;
  trades: number;
  /** -1 in a candle without trades. */
  firstTradeId: number;
  lastTradeId: number;
}

const SECOND_US = 1_000_000;
const UNIT_US: Readonly<Record<string, number>> = {
  s: SECOND_US,
  m: 60 * SECOND_US,
  h: 3600 * SECOND_US,
  d: 86_400 * SECOND_US,
  w: 604_800 * SECOND_US,
};
const MONDAY_US = 4 * 86_400 * SECOND_US; // weeks start on Monday, the epoch was a Thursday

/** True for an interval of the venue. */
export function isInterval(text: string): text is Interval {
  return (INTERVALS as readonly string[]).includes(text);
}

/** When the candle of `interval` that contains `atUs` begins. Days, weeks and months are UTC. */
export function openOf(interval: Interval, atUs: number): number {
  if (interval === "1M") {
    const at = new Date(atUs / 1000);
    return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1) * 1000;
  }
  const lengthUs = lengthOf(interval);
  const originUs = interval === "1w" ? MONDAY_US : 0;
  return originUs + Math.floor((atUs - originUs) / lengthUs) * lengthUs;
}

/** When the candle that begins at `openUs` ends, and the next one begins. */
export function endOf(interval: Interval, openUs: number): number {
  if (interval !== "1M") return openUs + lengthOf(interval);
  const open = new Date(openUs / 1000);
  return Date.UTC(open.getUTCFullYear(), open.getUTCMonth() + 1, 1) * 1000;
}

/**
 * The newest candles of one interval, at least `capacity` of them once so many have passed. From the first trade on every
 * interval has one: without trades it is flat at the last price.
 */
export class Candles {
  readonly interval: Interval;
  readonly #capacity: number;
  #candles: Candle[] = [];

  constructor(interval: Interval, capacity: number) {
    this.interval = interval;
    this.#capacity = capacity;
  }

  /** Counts the trades of `sum`, which are of one second; times must not fall. */
  add(sum: TradeSum): void {
    this.advance(sum.atUs);
    let candle = this.#candles[this.#candles.length - 1];
    if (candle === undefined) {
      candle = this.#flat(openOf(this.interval, sum.atUs), sum.openTicks);
      this.#candles.push(candle);
    }
    if (candle.trades === 0) {
      // Its first trade opens it; until then it stood flat at the price before.
      candle = { ...candle, openTicks: sum.openTicks, highTicks: sum.openTicks, lowTicks: sum.openTicks };
      candle.firstTradeId = sum.firstTradeId;
      this.#candles[this.#candles.length - 1] = candle;
    }
    candle.highTicks = Math.max(candle.highTicks, sum.highTicks);
    candle.lowTicks = Math.min(candle.lowTicks, sum.lowTicks);
    candle.closeTicks = sum.closeTicks;
    candle.lots += BigInt(sum.lots);
    candle.quoteUnits += sum.quoteUnits;
    candle.takerBuyLots += BigInt(sum.takerBuyLots);
    candle.takerBuyQuoteUnits += sum.takerBuyQuoteUnits;
    candle.trades += sum.trades;
    candle.lastTradeId = sum.lastTradeId;
  }

  /** Closes the candles that ended by `nowUs`. */
  advance(nowUs: number): void {
    let last = this.#candles[this.#candles.length - 1];
    if (last === undefined || nowUs < last.endUs) return;
    if (this.interval !== "1M") {
      // After a long silence, only as many flat candles as are kept.
      const oldestUs = openOf(this.interval, nowUs) - this.#capacity * lengthOf(this.interval);
      if (last.endUs < oldestUs) {
        last = this.#flat(oldestUs, last.closeTicks);
        this.#candles = [last];
      }
    }
    while (last.endUs <= nowUs) {
      last = this.#flat(last.endUs, last.closeTicks);
      this.#candles.push(last);
    }
    if (this.#candles.length >= 2 * this.#capacity) this.#candles.splice(0, this.#candles.length - this.#capacity);
  }

  /** What is held, oldest first; the last one is still open. Call `advance` before. */
  get list(): readonly Readonly<Candle>[] {
    return this.#candles;
  }

  #flat(openUs: number, priceTicks: number): Candle {
    return {
      openUs,
      endUs: endOf(this.interval, openUs),
      openTicks: priceTicks,
      highTicks: priceTicks,
      lowTicks: priceTicks,
      closeTicks: priceTicks,
      lots: 0n,
      quoteUnits: 0n,
      takerBuyLots: 0n,
      takerBuyQuoteUnits: 0n,
      trades: 0,
      firstTradeId: -1,
      lastTradeId: -1,
    };
  }
}

function lengthOf(interval: Interval): number {
  return Number.parseInt(interval, 10) * UNIT_US[interval.slice(-1)]!;
}
