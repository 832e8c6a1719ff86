import type { Levels } from "../book/levels.ts";
import type { OrderBook } from "../book/order-book.ts";
import type { Bar, BarInterval } from "../model/bar.ts";
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

/** Levels that a diff set, by side; a size of 0 takes one away. The same object comes again and again: read it at once. */
export interface BookChange {
  readonly bids: Levels;
  readonly asks: Levels;
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
  /** It was missed by the stream and fetched afterwards. It still comes in the order of the ids. */
  readonly isBackfilled: boolean;
}

/** A bar has changed, or is complete. */
export interface BarEvent<Interval extends string = BarInterval> extends MarketEventBase, Bar<Interval> {
  readonly kind: "bar";
}

/** What can have a hole. */
export type Channel = "book" | "quote" | "trade" | "bar";

/**
 * Why something is missing. `sequence`: the venue's numbers left some out; `connection`: no socket was open; `checksum`: the book
 * differed from a quote of the same sequence; `undecodable`: a message could not be read; `stale`: nothing came for too long;
 * `renumbered`: the venue began to count anew; `overflow`: the consumer was too slow.
 */
export type GapCause = "sequence" | "connection" | "checksum" | "undecodable" | "stale" | "renumbered" | "overflow";

/** Something is missing: until the next `resync` of the same channel, what is known of it is not good. */
export interface GapEvent extends MarketEventBase {
  readonly kind: "gap";
  readonly channel: Channel;
  readonly cause: GapCause;
  /** For people; may change. */
  readonly reason: string;
}

/** The channel is whole again. For trades: those between were delivered as backfilled, but for the `missing` ones. */
export interface ResyncEvent extends MarketEventBase {
  readonly kind: "resync";
  readonly channel: Channel;
  /** Trades delivered since the gap that the stream had missed. */
  readonly backfilled: number;
  /** Trades that stay missed, or events after an overflow; undefined when nobody can tell how many. 0 for a book: it is whole. */
  readonly missing: number | undefined;
}

/** What a market stream gives: data, or the word that some is missing. */
export type MarketEvent = BookEvent | QuoteEvent | TradeEvent | BarEvent | GapEvent | ResyncEvent;

/** Counts of one instrument since its stream began. */
export interface InstrumentCounters {
  /** Frames received that name the instrument. */
  messages: number;
  /** Depth diffs applied to its book. */
  bookUpdates: number;
  /** Trades delivered, backfilled ones among them. */
  trades: number;
  quotes: number;
  bars: number;
  /** Trades that the stream had missed and that were fetched. */
  backfilled: number;
  /** What came over one socket when it had come over another: no fault, two sockets bring everything twice. */
  duplicates: number;
  /** Frames of a kind we do not decode, or were not asked for. */
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
