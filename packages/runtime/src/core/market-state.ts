import type { Instrument, MarketEvent, OrderBook, QuoteEvent } from "@pitlane/sdk";

/**
 * What is known of the markets at the present input: the last quote of each instrument, forgotten when its book has a gap, and
 * the books.
 */
export class MarketState {
  readonly #quotes: (QuoteEvent | undefined)[];
  readonly #book: (instrument: Instrument) => OrderBook | undefined;

  /** @param book The live book of an instrument; undefined while it is not in sync. */
  constructor(instruments: readonly Instrument[], book: (instrument: Instrument) => OrderBook | undefined) {
    this.#quotes = instruments.map(() => undefined);
    this.#book = book;
  }

  /** The last quote; undefined before the first, and after a gap until it is news again. @param index The instrument's number. */
  quote(index: number): QuoteEvent | undefined {
    return this.#quotes[index];
  }

  book(instrument: Instrument): OrderBook | undefined {
    return this.#book(instrument);
  }

  /** Takes an event over as it arrives, before any hook hears of it. */
  apply(event: MarketEvent, index: number): void {
    if (event.kind === "quote") this.#quotes[index] = event;
    else if (event.kind === "gap" && event.channel === "book") this.#quotes[index] = undefined;
  }
}
