import type { DepthDiff } from "../../book/depth-diff.ts";
import { OrderBook } from "../../book/order-book.ts";
import { BookSync, type SequenceRule } from "../../book/sync.ts";
import type { BarInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { Channel, InstrumentCounters } from "../../stream/events.ts";
import type { TradeSequence } from "../../stream/trade-sequence.ts";
import type { Heard } from "../../stream/watchdog.ts";
import { newQuoteFrame, type QuoteFrame, type TradeFrame } from "./frames.ts";

/** What a market feed knows of one instrument. */
export interface Track {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  readonly sync: BookSync<DepthDiff>;
  readonly counters: InstrumentCounters;
  /** When something last came, by channel. */
  readonly heard: Readonly<Record<Channel, Heard>>;
  /** Channels of which a gap was reported and no resync yet. */
  readonly gaps: Record<Channel, boolean>;
  /** A snapshot was asked for and has not fitted yet. */
  wantsSnapshot: boolean;
  /** Diffs behind a hole that another socket may close, by sequence. */
  readonly heldDiffs: DepthDiff[];
  /** When the first of them came. */
  heldNs: number;
  /** Levels that do not fit the ticks were reported. */
  hasToldLeftOut: boolean;
  /** Venue time of the last diff applied. */
  bookAtUs: number;
  /** Sequence of the book when a diff, not a snapshot, made it; NaN otherwise. */
  diffSequence: number;
  readonly quote: QuoteFrame;
  readonly trades: TradeSequence<TradeFrame>;
  readonly aggTrades: TradeSequence<TradeFrame>;
  /** Venue time of the last bar of each interval. */
  readonly barAtUs: Map<BarInterval, number>;
}

/** Puts a diff that follows on the book. */
export function applyDiff(track: Track, diff: DepthDiff): void {
  track.book.setAll("bid", diff.bids);
  track.book.setAll("ask", diff.asks);
  track.bookAtUs = diff.venueAtUs;
  track.diffSequence = diff.lastSequence;
  track.counters.bookUpdates++;
}

/** An instrument of which nothing is known yet. `sequenceOf` makes the sequences of its trades, and of its aggregates. */
export function newTrack(
  instrument: Instrument,
  rule: SequenceRule,
  sequenceOf: (track: () => Track, isAggregate: boolean) => TradeSequence<TradeFrame>,
): Track {
  const track: Track = {
    instrument,
    book: new OrderBook(),
    sync: new BookSync<DepthDiff>({ rule, copy: (diff) => diff.copy() }),
    counters: {
      messages: 0,
      bookUpdates: 0,
      trades: 0,
      quotes: 0,
      bars: 0,
      backfilled: 0,
      duplicates: 0,
      ignored: 0,
      gaps: 0,
      resyncs: 0,
      sequenceFailures: 0,
      checksumsChecked: 0,
      checksumFailures: 0,
    },
    heard: { book: { heardNs: 0 }, quote: { heardNs: 0 }, trade: { heardNs: 0 }, bar: { heardNs: 0 } },
    gaps: { book: false, quote: false, trade: false, bar: false },
    wantsSnapshot: false,
    heldDiffs: [],
    heldNs: 0,
    hasToldLeftOut: false,
    bookAtUs: 0,
    diffSequence: Number.NaN,
    quote: newQuoteFrame(),
    trades: sequenceOf(() => track, false),
    aggTrades: sequenceOf(() => track, true),
    barAtUs: new Map(),
  };
  return track;
}
