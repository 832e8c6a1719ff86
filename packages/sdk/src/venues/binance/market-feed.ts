import { asError } from "../../as-error.ts";
import type { DepthDiff, DepthSnapshot } from "../../book/depth-diff.ts";
import type { OrderBook } from "../../book/order-book.ts";
import type { SequenceRule } from "../../book/sync.ts";
import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { BookChange, Channel, InstrumentCounters, MarketEvent } from "../../stream/events.ts";
import type { BarKeeper } from "./bar-keeper.ts";
import { BookKeeper } from "./book-keeper.ts";
import { type DecoderParts, FrameDecoder, streamNameIn } from "./decode.ts";
import { FeedOutput } from "./feed-output.ts";
import { excerpt } from "./fields.ts";
import type { BarFrame, FrameSink, QuoteFrame, TradeFrame } from "./frames.ts";
import { newTrack, type Track } from "./track.ts";
import { TradeKeeper, type TradeKeeperOptions } from "./trade-keeper.ts";

export interface MarketFeedOptions {
  readonly rule: SequenceRule;
  readonly instruments: readonly Instrument[];
  /** The venue's names of the subscribed streams. */
  readonly streams: readonly string[];
  /** @param change - Of a `book` event; none when the whole book is new. */
  readonly onEvent: (event: MarketEvent, change?: BookChange) => void;
  readonly onError: (error: Error) => void;
  /** Called once each time a book needs a snapshot; answered by `load`, until that returns true. */
  readonly onSnapshotWanted: (instrument: Instrument) => void;
  /** The venue is about to close the connection. */
  readonly onShutdown: () => void;
  /** Makes what delivers bars. Default: nothing does. */
  readonly newBarKeeper?: ((output: FeedOutput) => BarKeeper) | undefined;
  /** Makes the sequences of trades, `fillingSequences` those that fetch what is missing. Default: none is, and the gap stays. */
  readonly newSequence?: TradeKeeperOptions["newSequence"];
  /** How long a second socket gets to bring what the first has missed, in milliseconds; 0 to 60,000, default 250. */
  readonly healMs?: number;
  /** Makes what the decoder reads with beside JSON.parse. Default: nothing, and bars are not decoded. */
  readonly newDecoderParts?: (() => DecoderParts<Track>) | undefined;
  /** Quotes have been ahead of a book for 5 s: its depth stream brings nothing. */
  readonly onBookBehind?: (instrument: Instrument) => void;
}

const BEHIND_NS = 5e9; // depth streams are at most a second behind the quotes

/**
 * What a Binance market stream means: books kept in sync, quotes, trades, bars, and every hole named. Pure apart from its
 * callbacks: frames, snapshots, losses and the time go in, events come out, nothing is read or awaited.
 *
 *   frame -> decode -> depth: sync -> book -> check against the quote of the same sequence -> BookEvent | GapEvent
 *                      quote: never older than the last           -> QuoteEvent
 *                      trade: ids without a hole or a repetition  -> TradeEvent | GapEvent, ResyncEvent
 *                      bar:   as it comes                         -> BarEvent
 *
 * Frames of two sockets may be mixed: the first arrival counts, the second one is dropped, and what one socket has missed the
 * other may bring. Of one instrument all streams must come over the same sockets.
 */
export class MarketFeed implements FrameSink<Track> {
  readonly #options: MarketFeedOptions;
  readonly #output: FeedOutput;
  readonly #books: BookKeeper;
  readonly #tracks = new Map<string, Track>();
  readonly #trades: TradeKeeper;
  readonly #bars: BarKeeper | undefined;
  #decoder: FrameDecoder<Track>;
  #isShared = false; // of the frame being worked on: another socket is open
  #isNews = false;

  constructor(options: MarketFeedOptions) {
    this.#options = options;
    this.#output = new FeedOutput(options.onEvent, options.onError);
    const { rule, newSequence, healMs = 250, onSnapshotWanted } = options;
    const output = this.#output;
    const wantSnapshot = ({ instrument }: Track) => onSnapshotWanted(instrument);
    this.#books = new BookKeeper({ rule, output, healMs, onSnapshotWanted: wantSnapshot });
    this.#bars = options.newBarKeeper?.(output);
    this.#trades = new TradeKeeper({ output, newSequence, healMs });
    this.#decoder = this.#prepare(options.instruments, options.streams);
  }

  /** The live book; undefined while it is not in sync, or for an instrument that is not followed. */
  book(instrument: Instrument): OrderBook | undefined {
    const track = this.#tracks.get(instrument?.id);
    return track?.sync.isSynced ? track.book : undefined;
  }

  /** Undefined for an instrument that is not followed. */
  counters(instrument: Instrument): Readonly<InstrumentCounters> | undefined {
    return this.#tracks.get(instrument?.id)?.counters;
  }

  /** When something last came, by channel; undefined for an instrument that is not followed. */
  heard(instrument: Instrument): Track["heard"] | undefined {
    return this.#tracks.get(instrument.id)?.heard;
  }

  /** Follows these instruments from now on. What is known of those that stay is kept. */
  follow(instruments: readonly Instrument[], streams: readonly string[]): void {
    this.#decoder = this.#prepare(instruments, streams);
  }

  /**
   * Takes one frame: true when it brought something new. One that cannot be decoded goes to `onError`, and the book it was for is
   * not shown as good any more.
   *
   * @param isShared - Another socket with the same streams is open: what comes twice is no fault, and a hole may close.
   */
  frame(data: Buffer, receivedAtUs: number, receivedNs: number, isShared = false): boolean {
    this.#output.at(receivedAtUs, receivedNs);
    this.#isShared = isShared;
    this.#isNews = false;
    try {
      this.#decoder.decode(data, this);
    } catch (error) {
      this.#onBadFrame(data.toString("utf8"), asError(error));
    }
    return this.#isNews;
  }

  /** Takes a snapshot. False when it is older than the diffs: fetch another one. */
  load(instrument: Instrument, snapshot: DepthSnapshot, receivedAtUs: number, receivedNs: number): boolean {
    const track = this.#tracks.get(instrument.id);
    if (track === undefined || !track.wantsSnapshot) return true; // came too late to matter
    this.#output.at(receivedAtUs, receivedNs);
    return this.#books.load(track, snapshot);
  }

  /** Every socket of these instruments (default all) is lost: nothing that is known of them is good any more. */
  disconnect(reason: string, receivedAtUs: number, receivedNs: number, instruments?: readonly Instrument[]): void {
    this.#output.at(receivedAtUs, receivedNs);
    const tracks = instruments?.map(({ id }) => this.#tracks.get(id)) ?? this.#tracks.values();
    for (const track of tracks) {
      if (track === undefined) continue;
      this.#books.disconnect(track, reason);
      this.#trades.disconnect(track, reason);
      const { quote, barAtUs } = track;
      for (const channel of ["quote", "bar"] as const) {
        const begun = channel === "quote" ? quote.sequence : barAtUs.size;
        if (begun === 0 || track.gaps[channel]) continue;
        this.#output.gap(track, channel, "connection", `the connection was lost: ${reason}`);
      }
      quote.sequence = 0;
      barAtUs.clear();
    }
  }

  /** A channel brought nothing for too long: until something comes again, what is known of it is not good. */
  stale(instrument: Instrument, channel: Channel, reason: string, receivedAtUs: number, receivedNs: number): void {
    const track = this.#tracks.get(instrument.id);
    if (track === undefined) return;
    this.#output.at(receivedAtUs, receivedNs);
    if (channel === "book") {
      track.heard.book.heardNs = receivedNs; // gets its time anew
      if (track.wantsSnapshot) return; // which may still come
      if (track.sync.isSynced) this.#books.giveUp(track, "stale", reason);
    } else if (channel === "trade") this.#trades.doubt(track, "stale", reason);
    if (!track.gaps[channel]) this.#output.gap(track, channel, "stale", reason); // of one that never brought anything, too
  }

  /** Time has passed: holes that no socket has closed become gaps, and books that are behind are found. */
  check(nowUs: number, nowNs: number): void {
    this.#output.at(nowUs, nowNs);
    this.#books.expire(nowNs);
    this.#trades.expire(nowNs);
    const { onBookBehind } = this.#options;
    if (onBookBehind === undefined) return;
    for (const { sync, quote, heard, instrument } of this.#tracks.values()) {
      const isBehind = sync.isSynced && quote.sequence > sync.sequence;
      if (!isBehind || nowNs - heard.book.heardNs < BEHIND_NS) continue;
      if (heard.quote.heardNs - heard.book.heardNs >= BEHIND_NS / 2) onBookBehind(instrument);
    }
  }

  depth(track: Track, diff: DepthDiff): void {
    track.counters.messages++;
    track.heard.book.heardNs = this.#output.receivedNs;
    if (this.#books.take(track, diff, this.#isShared)) this.#isNews = true;
  }

  quote(track: Track, frame: QuoteFrame): void {
    const { quote, instrument, counters } = track;
    const { sequence, bidTicks, bidLots, askTicks, askLots, venueAtUs } = frame;
    const { receivedAtUs, receivedNs } = this.#output;
    counters.messages++;
    track.heard.quote.heardNs = receivedNs;
    if (this.#isShared && sequence <= quote.sequence) {
      counters.duplicates++;
      return;
    }
    if (sequence < quote.sequence) {
      counters.sequenceFailures++;
      return;
    }
    this.#isNews = true;
    quote.sequence = sequence;
    quote.bidTicks = bidTicks;
    quote.bidLots = bidLots;
    quote.askTicks = askTicks;
    quote.askLots = askLots;
    counters.quotes++;
    if (track.gaps.quote) this.#output.resync(track, "quote");
    this.#output.emit({
      kind: "quote",
      instrument,
      bidTicks,
      bidLots,
      askTicks,
      askLots,
      sequence,
      venueAtUs,
      receivedAtUs,
      receivedNs,
    });
    this.#books.passesCheck(track);
  }

  trade(track: Track, frame: TradeFrame): void {
    track.counters.messages++;
    track.heard.trade.heardNs = this.#output.receivedNs;
    if (this.#trades.take(track, frame, this.#isShared)) this.#isNews = true;
  }

  bar(track: Track, frame: BarFrame): void {
    track.counters.messages++;
    if (this.#bars?.take(track, frame, this.#isShared) === true) this.#isNews = true;
  }

  ignored(track: Track | undefined): void {
    this.#isNews = true; // nobody can tell
    if (track === undefined) return;
    track.counters.messages++;
    track.counters.ignored++;
  }

  shutdown(): void {
    this.#options.onShutdown();
  }

  #prepare(instruments: readonly Instrument[], streams: readonly string[]): FrameDecoder<Track> {
    const ids = new Set(instruments.map(({ id }) => id));
    for (const [id, track] of this.#tracks) {
      if (ids.has(id)) continue;
      this.#books.remove(track);
      this.#trades.remove(track);
      this.#tracks.delete(id);
    }
    for (const instrument of instruments) {
      if (this.#tracks.has(instrument.id)) continue;
      const sequenceOf = (track: () => Track, isAggregate: boolean) => this.#trades.newSequence(track, isAggregate);
      this.#tracks.set(instrument.id, newTrack(instrument, this.#options.rule, sequenceOf));
    }
    return new FrameDecoder(this.#tracks.values(), streams, this.#options.newDecoderParts?.());
  }

  #onBadFrame(text: string, error: Error): void {
    this.#output.error(new ProtocolError(`a frame cannot be decoded: ${error.message}; it begins ${excerpt(text)}`));
    const { kind, target } = this.#decoder.route(streamNameIn(text) ?? "");
    if (target === undefined) return; // whose it was cannot be told: the next sequence shows the hole
    target.counters.messages++;
    // Another socket may still bring the diff; if not, the next one does not follow.
    if (kind === "depth" && target.sync.isSynced && !this.#isShared) {
      this.#books.giveUp(target, "undecodable", "a diff could not be decoded");
    }
  }
}
