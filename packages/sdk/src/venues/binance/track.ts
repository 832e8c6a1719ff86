import type { DepthDiff } from "../../book/depth-diff.ts";
import { OrderBook } from "../../book/order-book.ts";
import { BookSync, type SequenceRule } from "../../book/sync.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { InstrumentCounters } from "../../stream/events.ts";
import type { QuoteFrame } from "./decode.ts";

/** What a market feed knows of one instrument. */
export interface Track {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  readonly sync: BookSync<DepthDiff>;
  readonly counters: InstrumentCounters;
  /** A snapshot was asked for and has not fitted yet. */
  wantsSnapshot: boolean;
  /** A book gap was reported and no resync yet. */
  hasGap: boolean;
  /** Levels that do not fit the ticks were reported. */
  hasToldLeftOut: boolean;
  /** Venue time of the last diff applied. */
  bookAtUs: number;
  /** Sequence of the book when a diff, not a snapshot, made it; NaN otherwise. */
  diffSequence: number;
  readonly quote: QuoteFrame;
  readonly trades: TradeIds;
  readonly aggTrades: TradeIds;
}

interface TradeIds {
  last: number; // NaN before the first
  isNewSocket: boolean; // nothing came yet on this connection
}

/** Puts a diff that follows on the book. */
export function applyDiff(track: Track, diff: DepthDiff): void {
  track.book.setAll("bid", diff.bids);
  track.book.setAll("ask", diff.asks);
  track.bookAtUs = diff.venueAtUs;
  track.diffSequence = diff.lastSequence;
  track.counters.bookUpdates++;
}

/** An instrument of which nothing is known yet. */
export function newTrack(instrument: Instrument, rule: SequenceRule): Track {
  return {
    instrument,
    book: new OrderBook(),
    sync: new BookSync<DepthDiff>({ rule, copy: (diff) => diff.copy() }),
    counters: {
      messages: 0,
      bookUpdates: 0,
      trades: 0,
      quotes: 0,
      ignored: 0,
      gaps: 0,
      resyncs: 0,
      sequenceFailures: 0,
      checksumsChecked: 0,
      checksumFailures: 0,
    },
    wantsSnapshot: false,
    hasGap: false,
    hasToldLeftOut: false,
    bookAtUs: 0,
    diffSequence: Number.NaN,
    quote: { sequence: 0, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0, venueAtUs: 0 },
    trades: { last: Number.NaN, isNewSocket: true },
    aggTrades: { last: Number.NaN, isNewSocket: true },
  };
}
