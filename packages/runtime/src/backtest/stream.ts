import type { BookEvent, Instrument, OrderBook, QuoteEvent, Side, TradeEvent } from "@pitlane/sdk";

/**
 * Rows taken in one call of `run`, about. Calls return now and then so that V8 compiles the loop with all it calls, rather than the one
 * turn of it that never ends.
 */
export const MOST_ROWS = 4096;

/** Rows of one instrument in order of time: the venue's side of them, the strategy's side, or both at once. */
export interface Stream {
  /** Time of the next row, microseconds since the epoch; Infinity when there is none left. */
  readonly nextUs: number;
  /** Takes the next row at least, and of those after it that come before `untilUs` as many as it likes. */
  run(untilUs: number): void;
}

/*
 * Events that are written anew for each row, so that a row costs no object. Numbers begin as NaN, in classes of their own: V8 then keeps
 * them as doubles in place, whatever other events are made of, and never makes a box for one.
 */

class SimTrade implements TradeEvent {
  readonly kind = "trade";
  readonly instrument: Instrument;
  venueAtUs = Number.NaN;
  receivedAtUs = Number.NaN;
  receivedNs = Number.NaN;
  tradeId = Number.NaN;
  priceTicks = Number.NaN;
  sizeLots = Number.NaN;
  aggressor: Side = "buy";
  readonly isBackfilled = false;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }
}

class SimQuote implements QuoteEvent {
  readonly kind = "quote";
  readonly instrument: Instrument;
  venueAtUs = Number.NaN;
  receivedAtUs = Number.NaN;
  receivedNs = Number.NaN;
  bidTicks = Number.NaN;
  bidLots = Number.NaN;
  askTicks = Number.NaN;
  askLots = Number.NaN;
  sequence = Number.NaN;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }
}

class SimBook implements BookEvent {
  readonly kind = "book";
  readonly instrument: Instrument;
  venueAtUs = Number.NaN;
  receivedAtUs = Number.NaN;
  receivedNs = Number.NaN;
  readonly book: OrderBook;
  sequence = Number.NaN;

  constructor(instrument: Instrument, book: OrderBook) {
    this.instrument = instrument;
    this.book = book;
  }
}

export type WritableTrade = SimTrade;
export type WritableQuote = SimQuote;
export type WritableBook = SimBook;

export function tradeEvent(instrument: Instrument): WritableTrade {
  return new SimTrade(instrument);
}

export function quoteEvent(instrument: Instrument): WritableQuote {
  return new SimQuote(instrument);
}

export function bookEvent(instrument: Instrument, book: OrderBook): WritableBook {
  return new SimBook(instrument, book);
}

/** Bid + ask in ticks where the price alone is known, as `spread` has them. */
export function twiceMidOf(ticks: number, halfSpreadTicks: number): number {
  return Math.max(1, ticks - halfSpreadTicks) + ticks + halfSpreadTicks;
}

/** Writes a quote of which the price alone is known; sizes are 0. */
export function spread(quote: WritableQuote, ticks: number, halfSpreadTicks: number, receivedAtUs: number): QuoteEvent {
  quote.receivedAtUs = receivedAtUs;
  quote.bidTicks = Math.max(1, ticks - halfSpreadTicks);
  quote.bidLots = 0;
  quote.askTicks = ticks + halfSpreadTicks;
  quote.askLots = 0;
  return quote;
}
