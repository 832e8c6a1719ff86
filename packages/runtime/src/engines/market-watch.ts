import type { MarketEvent } from "@pitlane/sdk";

/**
 * What risk must know of the markets: when something was last heard of each, whether its book has a gap, and the last mid price, which
 * stays known in a gap: what is held does not lose its worth because a socket did.
 */
export class MarketWatch {
  readonly #lastUs: Float64Array;
  readonly #hasGap: Uint8Array;
  /** Bid + ask of the last quotes, in ticks, by number of the instrument; NaN before the first. */
  readonly twiceMids: Float64Array;

  /** @param instruments How many there are. */
  constructor(instruments: number) {
    this.#lastUs = new Float64Array(instruments).fill(Number.NEGATIVE_INFINITY);
    this.#hasGap = new Uint8Array(instruments);
    this.twiceMids = new Float64Array(instruments).fill(Number.NaN);
  }

  /** @param index The instrument's number. @param nowUs Time of the input. */
  apply(event: MarketEvent, index: number, nowUs: number): void {
    if (event.kind === "gap") {
      if (event.channel === "book") this.#hasGap[index] = 1;
      return; // the word that news is missing is no news
    }
    this.#lastUs[index] = nowUs;
    if (event.kind === "quote") this.twiceMids[index] = event.bidTicks + event.askTicks;
    else if (event.kind === "resync" && event.channel === "book") this.#hasGap[index] = 0;
  }

  /** When the last event came, microseconds since the epoch; -Infinity before the first. */
  lastUs(index: number): number {
    return this.#lastUs[index]!;
  }

  /** The book is not good at present. */
  hasGap(index: number): boolean {
    return this.#hasGap[index] === 1;
  }

  /** Bid + ask of the last quote, in ticks: twice the mid, so that a mid between two ticks stays whole. Undefined before the first. */
  twiceMidTicks(index: number): number | undefined {
    const ticks = this.twiceMids[index]!;
    return Number.isNaN(ticks) ? undefined : ticks;
  }
}
