import type { DepthDiff, DepthSnapshot } from "../../book/depth-diff.ts";
import type { OrderBook } from "../../book/order-book.ts";
import type { SequenceRule } from "../../book/sync.ts";
import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { InstrumentCounters, MarketEvent } from "../../stream/events.ts";
import { FrameDecoder, type FrameSink, type QuoteFrame, streamNameIn, type TradeFrame } from "./decode.ts";
import { excerpt } from "./fields.ts";
import { applyDiff, newTrack, type Track } from "./track.ts";

export interface MarketFeedOptions {
  readonly rule: SequenceRule;
  readonly instruments: readonly Instrument[];
  /** The venue's names of the subscribed streams. */
  readonly streams: readonly string[];
  readonly onEvent: (event: MarketEvent) => void;
  readonly onError: (error: Error) => void;
  /** Called once each time a book needs a snapshot; answered by `load`, until that returns true. */
  readonly onSnapshotWanted: (instrument: Instrument) => void;
  /** The venue is about to close the connection. */
  readonly onShutdown: () => void;
}

/**
 * What a Binance market stream means: books kept in sync, quotes, trades, and every hole named. Pure apart from its callbacks:
 * frames, snapshots and losses go in, events come out, nothing is read or awaited.
 *
 *   frame -> decode -> depth: sync -> book -> check against the quote of the same sequence -> BookEvent | GapEvent
 *                      quote: never older than the last           -> QuoteEvent
 *                      trade: ids without a hole or a repetition  -> TradeEvent | GapEvent, ResyncEvent
 */
export class MarketFeed implements FrameSink<Track> {
  readonly #options: MarketFeedOptions;
  readonly #tracks = new Map<string, Track>();
  readonly #decoder: FrameDecoder<Track>;
  #receivedAtUs = 0; // of what is being worked on
  #receivedNs = 0;

  constructor(options: MarketFeedOptions) {
    this.#options = options;
    for (const instrument of options.instruments) this.#tracks.set(instrument.id, newTrack(instrument, options.rule));
    this.#decoder = new FrameDecoder(this.#tracks.values(), options.streams);
  }

  /** The live book; undefined while it is not in sync, or for an instrument that is not followed. */
  book(instrument: Instrument): OrderBook | undefined {
    const track = this.#tracks.get(instrument.id);
    return track?.sync.isSynced ? track.book : undefined;
  }

  /** Undefined for an instrument that is not followed. */
  counters(instrument: Instrument): Readonly<InstrumentCounters> | undefined {
    return this.#tracks.get(instrument.id)?.counters;
  }

  /** Takes one frame. One that cannot be decoded goes to `onError`, and the book it was for is not shown as good any more. */
  frame(text: string, receivedAtUs: number, receivedNs: number): void {
    this.#receivedAtUs = receivedAtUs;
    this.#receivedNs = receivedNs;
    try {
      this.#decoder.decode(text, this);
    } catch (error) {
      this.#onBadFrame(text, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Takes a snapshot. False when it is older than the diffs: fetch another one. */
  load(instrument: Instrument, snapshot: DepthSnapshot, receivedAtUs: number, receivedNs: number): boolean {
    const track = this.#tracks.get(instrument.id);
    if (track === undefined || !track.wantsSnapshot) return true; // came too late to matter
    const diffs = track.sync.load(snapshot.sequence);
    if (diffs === undefined) return false;
    this.#receivedAtUs = receivedAtUs;
    this.#receivedNs = receivedNs;
    track.wantsSnapshot = false;
    track.book.load("bid", snapshot.bids);
    track.book.load("ask", snapshot.asks);
    track.bookAtUs = 0;
    track.diffSequence = Number.NaN;
    if (snapshot.leftOut > 0) this.#tellLeftOut(track);
    for (const diff of diffs) applyDiff(track, diff);
    if (!this.#passesCheck(track)) return true; // a new snapshot was asked for
    if (track.hasGap) {
      track.hasGap = false;
      this.#resync(track, "book");
    }
    this.#emitBook(track);
    return true;
  }

  /** The connection was lost: no book is good any more. */
  disconnect(reason: string, receivedAtUs: number, receivedNs: number): void {
    this.#receivedAtUs = receivedAtUs;
    this.#receivedNs = receivedNs;
    for (const track of this.#tracks.values()) {
      const wasSynced = track.sync.isSynced;
      track.sync.drop();
      track.book.clear();
      track.wantsSnapshot = false; // asked for again by the first diff of the next connection
      track.quote.sequence = 0;
      track.trades.isNewSocket = true;
      track.aggTrades.isNewSocket = true;
      if (wasSynced) this.#gap(track, "book", `the connection was lost: ${reason}`, 0);
    }
  }

  depth(track: Track, diff: DepthDiff): void {
    const { sync, counters } = track;
    counters.messages++;
    const expected = sync.sequence;
    const verdict = sync.offer(diff);
    if (diff.leftOut > 0) this.#tellLeftOut(track);
    if (verdict === "apply") {
      applyDiff(track, diff);
      if (this.#passesCheck(track)) this.#emitBook(track);
    } else if (verdict === "gap") {
      counters.sequenceFailures++;
      track.book.clear();
      const found = `diff ${diff.firstSequence} to ${diff.lastSequence} does not follow ${expected}`;
      this.#gap(track, "book", found, diff.venueAtUs);
      this.#wantSnapshot(track);
    } else if (verdict !== "ignore" && !track.wantsSnapshot) this.#wantSnapshot(track);
  }

  quote(track: Track, frame: QuoteFrame): void {
    const { quote, instrument, counters } = track;
    counters.messages++;
    if (frame.sequence < quote.sequence) {
      counters.sequenceFailures++;
      return;
    }
    quote.sequence = frame.sequence;
    quote.bidTicks = frame.bidTicks;
    quote.bidLots = frame.bidLots;
    quote.askTicks = frame.askTicks;
    quote.askLots = frame.askLots;
    counters.quotes++;
    this.#emit({
      kind: "quote",
      instrument,
      bidTicks: frame.bidTicks,
      bidLots: frame.bidLots,
      askTicks: frame.askTicks,
      askLots: frame.askLots,
      sequence: frame.sequence,
      venueAtUs: frame.venueAtUs,
      receivedAtUs: this.#receivedAtUs,
      receivedNs: this.#receivedNs,
    });
    this.#passesCheck(track);
  }

  trade(track: Track, frame: TradeFrame): void {
    const { instrument, counters } = track;
    counters.messages++;
    if (!this.#isNextTrade(track, frame)) return;
    if (frame.priceTicks === 0) {
      counters.ignored++;
      return;
    }
    counters.trades++;
    this.#emit({
      kind: "trade",
      instrument,
      tradeId: frame.tradeId,
      priceTicks: frame.priceTicks,
      sizeLots: frame.sizeLots,
      aggressor: frame.isBuyerMaker ? "sell" : "buy",
      venueAtUs: frame.venueAtUs,
      receivedAtUs: this.#receivedAtUs,
      receivedNs: this.#receivedNs,
    });
  }

  ignored(track: Track | undefined): void {
    if (track === undefined) return;
    track.counters.messages++;
    track.counters.ignored++;
  }

  shutdown(): void {
    this.#options.onShutdown();
  }

  /** False for a repeated or late trade. A hole is reported, and the stream goes on behind it. */
  #isNextTrade(track: Track, { tradeId, isAggregate, venueAtUs }: TradeFrame): boolean {
    const ids = isAggregate ? track.aggTrades : track.trades;
    const { last, isNewSocket } = ids;
    ids.isNewSocket = false;
    if (tradeId !== last + 1 && !Number.isNaN(last)) {
      track.counters.sequenceFailures++;
      // A new connection whose ids are lower is a venue that counts anew (a test network after its reset): refusing them
      // as late would silence the stream for good.
      const isRenumbered = isNewSocket && tradeId < last;
      if (tradeId <= last && !isRenumbered) return false;
      const missing = isRenumbered
        ? `trade ids went back from ${last} to ${tradeId}`
        : `trades ${last + 1} to ${tradeId - 1} are missing`;
      this.#gap(track, "trade", missing, venueAtUs);
      this.#resync(track, "trade");
    }
    ids.last = tradeId;
    return true;
  }

  /**
   * Compares the book's top with the last quote when both are of one sequence, whichever came first; a book that differs is
   * given up. Quotes and diffs are separate streams of the venue, so this checks the whole way the book went.
   */
  #passesCheck(track: Track): boolean {
    const { quote, book, counters } = track;
    if (quote.sequence !== track.diffSequence || !track.sync.isSynced) return true;
    counters.checksumsChecked++;
    const isSame =
      book.bestBidLots === quote.bidLots &&
      book.bestAskLots === quote.askLots &&
      (quote.bidLots === 0 || book.bestBidTicks === quote.bidTicks) && // an empty side has no price to compare
      (quote.askLots === 0 || book.bestAskTicks === quote.askTicks);
    if (isSame) return true;
    counters.checksumFailures++;
    this.#giveUpBook(track, `the book's top differs from the quote of sequence ${quote.sequence}`);
    return false;
  }

  #giveUpBook(track: Track, reason: string): void {
    track.sync.drop();
    track.book.clear();
    if (!track.hasGap) this.#gap(track, "book", reason, track.bookAtUs);
    this.#wantSnapshot(track);
  }

  #wantSnapshot(track: Track): void {
    track.wantsSnapshot = true;
    this.#options.onSnapshotWanted(track.instrument);
  }

  #onBadFrame(text: string, error: Error): void {
    this.#options.onError(new ProtocolError(`a frame cannot be decoded: ${error.message}; it begins ${excerpt(text)}`));
    const { kind, target } = this.#decoder.route(streamNameIn(text) ?? "");
    if (target === undefined) return; // whose it was cannot be told: the next sequence shows the hole
    target.counters.messages++;
    if (kind === "depth" && target.sync.isSynced) this.#giveUpBook(target, "a diff could not be decoded");
  }

  /** Once per instrument: the levels stay, and their reader knows by then. */
  #tellLeftOut(track: Track): void {
    if (track.hasToldLeftOut) return;
    track.hasToldLeftOut = true;
    const { id, priceDecimals } = track.instrument;
    const message = `${id}: the venue's book has prices of more than ${priceDecimals} decimals; our book is without them`;
    this.#options.onError(new ProtocolError(message));
  }

  #gap(track: Track, channel: "book" | "trade", reason: string, venueAtUs: number): void {
    track.counters.gaps++;
    if (channel === "book") track.hasGap = true;
    this.#emit({
      kind: "gap",
      instrument: track.instrument,
      channel,
      reason,
      venueAtUs,
      receivedAtUs: this.#receivedAtUs,
      receivedNs: this.#receivedNs,
    });
  }

  #resync(track: Track, channel: "book" | "trade"): void {
    track.counters.resyncs++;
    this.#emit({
      kind: "resync",
      instrument: track.instrument,
      channel,
      venueAtUs: 0,
      receivedAtUs: this.#receivedAtUs,
      receivedNs: this.#receivedNs,
    });
  }

  #emitBook(track: Track): void {
    this.#emit({
      kind: "book",
      instrument: track.instrument,
      book: track.book,
      sequence: track.sync.sequence,
      venueAtUs: track.bookAtUs,
      receivedAtUs: this.#receivedAtUs,
      receivedNs: this.#receivedNs,
    });
  }

  #emit(event: MarketEvent): void {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
