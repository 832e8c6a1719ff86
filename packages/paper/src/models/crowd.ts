import type { Random } from "@pitlane/perf";
import type { Market } from "../engine/market.ts";
import type { SteppedModel } from "./driver.ts";

export interface CrowdOptions {
  readonly market: Market;
  /** On average; arrivals are a Poisson process. */
  readonly tradesPerSecond: number;
  /** Its own: the model beside it draws as without it. */
  readonly random: Random;
  /** When it begins, microseconds since the epoch. */
  readonly startUs: number;
  /** Asked before each trade, and it may end the crowd: false makes none. */
  readonly mayTrade: () => boolean;
}

const LARGEST = 9; // times the smallest order: a crowd is many and small, and does not move the price by itself

/** Many who trade a little: market orders of the house, of either side, which take from whatever is in the book. */
export class Crowd implements SteppedModel {
  readonly #options: CrowdOptions;
  #dueUs: number;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#dueUs = options.startUs;
  }

  get dueUs(): number {
    return this.#dueUs;
  }

  step(nowUs: number): void {
    const { market, tradesPerSecond, random, mayTrade } = this.#options;
    this.#dueUs += random.exponential(1e6 / tradesPerSecond);
    if (!mayTrade()) return;
    const isBuy = random.next() < 0.5;
    const lots = market.instrument.minLots * random.integer(1, LARGEST);
    market.placeHouse(isBuy ? "BUY" : "SELL", isBuy ? Number.MAX_SAFE_INTEGER : 0, lots, "IOC", nowUs);
  }

  skipTo(nowUs: number): void {
    this.#dueUs = nowUs;
  }
}
