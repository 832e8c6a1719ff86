import type { OrderBook } from "../book/order-book.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Side } from "../model/order.ts";

interface MarketEventBase {
  readonly instrument: Instrument;
  /** The venue's own time of the event, microseconds since the epoch; 0 where its message has none. */
  readonly venueAtUs: number;
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
  /** The same moment on the monotonic clock, for latencies. */
  readonly receivedNs: number;
}

/** The book moved and is in sync. `book` is the live book: read it now, copy what must last. */
export interface BookEvent extends MarketEventBase {
  readonly kind: "book";
  readonly book: OrderBook;
  /** The venue's sequence after this change. */
  readonly sequence: number;
}

/** The best bid and ask changed. */
export interface QuoteEvent extends MarketEventBase {
  readonly kind: "quote";
  readonly bidTicks: number;
  readonly bidLots: number;
  readonly askTicks: number;
  readonly askLots: number;
  readonly sequence: number;
}

/** Somebody traded. */
export interface TradeEvent extends MarketEventBase {
  readonly kind: "trade";
  readonly tradeId: number;
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** The side that took. */
  readonly aggressor: Side;
}

/** Something is missing: until the next `resync` of the same channel, what is known of it is not good. */
export interface GapEvent extends MarketEventBase {
  readonly kind: "gap";
  readonly channel: "book" | "trade";
  readonly reason: string;
}

/** The channel is whole again. For a trade gap: the stream goes on, what was missed stays missed. */
export interface ResyncEvent extends MarketEventBase {
  readonly kind: "resync";
  readonly channel: "book" | "trade";
}

/** What a market stream gives: data, or the word that some is missing. */
export type MarketEvent = BookEvent | QuoteEvent | TradeEvent | GapEvent | ResyncEvent;

/** Counts of one instrument since its stream began. */
export interface InstrumentCounters {
  /** Frames received that name the instrument. */
  messages: number;
  /** Depth diffs applied to its book. */
  bookUpdates: number;
  trades: number;
  quotes: number;
  /** Frames of a kind we do not decode (bars, say). */
  ignored: number;
  gaps: number;
  resyncs: number;
  /** Events whose sequence did not follow the one before. */
  sequenceFailures: number;
  /** Times the book's top was compared with a quote of the same sequence. */
  checksumsChecked: number;
  /** Times they differed. */
  checksumFailures: number;
}
