import type { DepthDiff, DepthSnapshot } from "../../book/depth-diff.ts";
import type { OrderBook } from "../../book/order-book.ts";
import { check, checkFunction, checkList, checkObject } from "../../checks.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { BookChange, BookEvent, GapEvent, InstrumentCounters, MarketEvent } from "../../stream/events.ts";
import { BarKeeper } from "./bar-keeper.ts";
import { BarReader } from "./bar-reader.ts";
import type { BinanceProduct } from "./client.ts";
import { type DecoderParts, FrameDecoder, parseSnapshot } from "./decode.ts";
import type { Hole } from "./depth-chains.ts";
import { excerpt, parseJson } from "./fields.ts";
import { FrameScanner } from "./frame-scanner.ts";
import type { FrameSink } from "./frames.ts";
import { MarketFeed } from "./market-feed.ts";
import { namedFrame } from "./named-frame.ts";
import { RecordedOrder, type RecordedPlace } from "./recorded-order.ts";
import { newTally, type RecordedMarketTally } from "./recorded-tally.ts";

export interface RecordedMarketOptions {
  readonly product: BinanceProduct;
  /** All whose streams are in the recording; messages of others are ignored by name. Ids and venue symbols must be unique. */
  readonly instruments: readonly Instrument[];
  /**
   * Told of every event, as a live stream tells it. The book is the live one, and the change is used again: read both at once.
   * @param change - Of a `book` event; none when the whole book is new.
   */
  readonly onEvent?: (event: MarketEvent, change?: BookChange) => void;
}

interface Target {
  readonly instrument: Instrument;
  readonly order: RecordedOrder;
  /** All that did not follow so far. */
  sequenceFailures: number;
  /** A book was asked for and not loaded yet. */
  wantsSnapshot: boolean;
  /** The newest snapshot that was not tried yet. */
  snapshot: DepthSnapshot | undefined;
  /** The book's snapshot, as long as no diff has joined it. */
  loaded: { readonly sequence: number; readonly atUs: number; readonly bookUpdates: number } | undefined;
  /** The snapshot was not of this market: what came long after it lies before it all the same. */
  isAhead: boolean;
  /** Frames with diffs that are the book's if there was a hole in it. */
  held: HeldFrame[];
}

interface HeldFrame {
  readonly chain: unknown;
  readonly data: Buffer;
  readonly atUs: number;
}

const newDecoderParts = <T extends { readonly instrument: Instrument }>(): DecoderParts<T> => ({
  scanner: new FrameScanner(),
  bars: new BarReader(),
});

const MOST_EXAMPLES = 20;
const AHEAD_US = 5_000_000; // a stream may be late by less
const MOST_HELD = 64; // what two speeds bring in a second, and more
const ONE_SOCKET = "socket";
// Longer than any name or number of a market's message: a listen key.
const CREDENTIAL = /[A-Za-z0-9]{40,}/g;
const PRODUCTS: readonly BinanceProduct[] = ["spot", "usdm", "coinm"];

/**
 * Checks a recording of market streams with the very code that reads live ones: decoder, books, sequence and quote checks. Frames and
 * snapshots go in, in the order they were received; nothing is read or awaited. Memory does not grow with the recording.
 *
 * @example
 * const market = new RecordedMarket({ product: "spot", instruments });
 * for (const { stream, data, atUs } of frames) market.frame(stream, data, atUs);
 * market.finish().undecoded; // 0
 */
export class RecordedMarket {
  readonly #isLinked: boolean;
  readonly #targets = new Map<string, Target>();
  readonly #decoder: FrameDecoder<Target>;
  readonly #feed: MarketFeed;
  readonly #tally = newTally();
  // Beside the feed, which tells counts but not the names of what it ignored.
  readonly #sink: FrameSink<Target> = {
    depth: (target, diff) => {
      this.#tally.depths++;
      this.#checkDepth(target, diff);
    },
    quote: (target, quote) => {
      this.#tally.quotes++;
      this.#target = target;
      target.order.takeQuote(this.#place, quote);
    },
    trade: (target, trade) => {
      if (trade.isAggregate) this.#tally.aggTrades++;
      else this.#tally.trades++;
      this.#target = target;
      target.order.takeTrade(this.#place, trade);
    },
    bar: (target, bar) => {
      this.#tally.bars++;
      this.#target = target;
      target.order.takeBar(this.#place, bar);
    },
    ignored: (_target, stream) => this.#ignore(stream),
    shutdown: () => this.#ignore("!serverShutdown"),
  };
  readonly #place: RecordedPlace = { stream: "", source: "", atUs: 0 }; // of the frame being worked on
  #target: Target | undefined; // whose it is, where it could be decoded
  #isIgnored = false;
  #isBad = false;
  #held = 0; // snapshots not tried yet
  #firstAtUs = Number.NaN;
  #atUs = 0;

  /** @throws {InvalidInputError} When an option is of the wrong kind. */
  constructor(options: RecordedMarketOptions) {
    checkObject("options", options);
    const { product, instruments, onEvent } = options;
    check(PRODUCTS.includes(product), "product", `one of ${PRODUCTS.join(", ")}`, product);
    checkList("instruments", instruments);
    if (onEvent !== undefined) checkFunction("onEvent", onEvent);
    this.#isLinked = product !== "spot";
    for (const [i, instrument] of instruments.entries()) {
      check(Boolean(instrument?.venueSymbol), `instruments[${i}]`, "an instrument", instrument);
      this.#targets.set(instrument.venueSymbol, {
        instrument,
        order: new RecordedOrder(this.#isLinked),
        sequenceFailures: 0,
        wantsSnapshot: false,
        snapshot: undefined,
        loaded: undefined,
        isAhead: false,
        held: [],
      });
    }
    this.#decoder = new FrameDecoder(this.#targets.values(), [], newDecoderParts());
    this.#feed = new MarketFeed({
      rule: this.#isLinked ? "linked" : "contiguous",
      instruments,
      streams: [],
      onEvent: (event, change) => {
        this.#onEvent(event);
        onEvent?.(event, change);
      },
      onError: (error) => this.#onError(error),
      onSnapshotWanted: ({ venueSymbol }) => {
        (this.#targets.get(venueSymbol) as Target).wantsSnapshot = true;
      },
      onShutdown: () => {},
      newDecoderParts,
      newBarKeeper: (output) => new BarKeeper(output),
    });
  }

  /** The book of an instrument; undefined while it is not in sync, and where its snapshot was of another time than its diffs. */
  book(instrument: Instrument): OrderBook | undefined {
    if (this.#targets.get(instrument?.venueSymbol)?.isAhead === true) return undefined;
    return this.#feed.book(instrument);
  }

  /** Undefined for an instrument that was not named. */
  counters(instrument: Instrument): Readonly<InstrumentCounters> | undefined {
    const counters = this.#feed.counters(instrument);
    const late = this.#targets.get(instrument?.venueSymbol)?.order.late ?? 0;
    return counters && { ...counters, sequenceFailures: counters.sequenceFailures + late };
  }

  /**
   * Takes a frame of a combined stream.
   * @param atUs - When it was received, microseconds since the epoch.
   * @param source - The socket it came over, by any name: over one socket sequences must rise, and two may bring everything twice.
   * Empty where streams cannot be told apart. Default one socket for all.
   */
  frame(stream: string, frame: Buffer, atUs: number, source: string = ONE_SOCKET): void {
    this.#begin(atUs);
    const data = namedFrame(stream, frame);
    this.#place.stream = stream;
    this.#place.source = source;
    this.#place.atUs = atUs;
    const { gaps } = this.#tally;
    try {
      this.#decoder.decode(data, this.#sink);
    } catch (error) {
      this.#isBad = true;
      const text = masked(data.toString("utf8", 0, 400));
      this.#fail(`${stream}: ${(error as Error).message}; it begins ${excerpt(text)}`);
    }
    const target = this.#target as Target | undefined;
    const order = target?.order;
    if (order?.isBeside !== true) this.#feed.frame(data, atUs, this.#ns(atUs), order?.isRepeated === true);
    else if (target !== undefined && order.chains.isPending) hold(target, data, atUs);
    if (target !== undefined) this.#checkOrder(target, stream, this.#tally.gaps > gaps);
    this.#trySnapshots();
    this.#end();
  }

  /** Takes the text of a `GET depth` reply. */
  snapshot(venueSymbol: string, text: string, atUs: number): void {
    this.#begin(atUs);
    const target = this.#targets.get(venueSymbol);
    if (target === undefined) this.#ignore(`depth of ${venueSymbol}`);
    else {
      const where = `depth of ${venueSymbol}`;
      try {
        const snapshot = parseSnapshot(parseJson(where, text), target.instrument);
        if (target.snapshot === undefined) this.#held++;
        else this.#tally.snapshots.unused++;
        target.snapshot = snapshot;
      } catch (error) {
        this.#isBad = true;
        this.#fail(`${where}: ${(error as Error).message}; it begins ${excerpt(masked(text.slice(0, 400)))}`);
      }
    }
    this.#trySnapshots();
    this.#end();
  }

  /**
   * The counts, once everything was taken.
   * @throws {TypeError} When a message is not accounted for, which would be a fault of this class.
   */
  finish(): RecordedMarketTally {
    const tally = this.#tally;
    tally.sequenceFailures = 0;
    tally.checksumsChecked = 0;
    tally.checksumFailures = 0;
    for (const target of this.#targets.values()) {
      for (let hole = target.order.chains.end(); hole !== undefined; hole = target.order.chains.end())
        this.#onHole(target, hole);
      if (target.snapshot !== undefined) tally.snapshots.unused++;
      target.snapshot = undefined;
      const counters = this.counters(target.instrument) as InstrumentCounters;
      tally.sequenceFailures += counters.sequenceFailures;
      tally.checksumsChecked += counters.checksumsChecked;
      tally.checksumFailures += counters.checksumFailures;
    }
    let ignored = 0;
    for (const count of tally.ignored.values()) ignored += count;
    if (tally.decoded + tally.undecoded + ignored !== tally.messages) {
      throw new TypeError(
        `of ${tally.messages} messages ${tally.decoded + tally.undecoded + ignored} are accounted for`,
      );
    }
    return tally;
  }

  #begin(atUs: number): void {
    if (Number.isNaN(this.#firstAtUs)) this.#firstAtUs = atUs;
    this.#atUs = atUs;
    this.#isBad = false;
    this.#isIgnored = false;
    this.#target = undefined;
    this.#tally.messages++;
  }

  #end(): void {
    if (this.#isBad) this.#tally.undecoded++;
    else if (!this.#isIgnored) this.#tally.decoded++;
  }

  #ignore(stream: string): void {
    this.#isIgnored = true;
    const at = stream.indexOf("@");
    // Without the symbol: of a thousand of them the names would be no summary.
    // Nor a user's listen key, which is a credential.
    const name =
      at < 0 || stream.startsWith("!") ? stream.replace(/^[A-Za-z0-9]{20,}$/, "userData") : stream.slice(at + 1);
    this.#tally.ignored.set(name, (this.#tally.ignored.get(name) ?? 0) + 1);
  }

  #trySnapshots(): void {
    if (this.#held === 0) return;
    for (const target of this.#targets.values()) {
      if (!target.wantsSnapshot || target.snapshot === undefined) continue;
      const { snapshot, instrument } = target;
      target.snapshot = undefined;
      this.#held--;
      target.wantsSnapshot = false; // or asked for again by what follows
      const { bookUpdates } = this.#feed.counters(instrument) as InstrumentCounters;
      if (this.#feed.load(instrument, snapshot, this.#atUs, this.#ns(this.#atUs))) {
        this.#tally.snapshots.applied++;
        target.loaded = { sequence: snapshot.sequence, atUs: this.#atUs, bookUpdates };
        target.isAhead = false;
      } else {
        target.wantsSnapshot = true;
        this.#tally.snapshots.stale++;
        this.#fail(`${instrument.id}: the snapshot of sequence ${snapshot.sequence} is older than the diffs at hand`);
      }
    }
  }

  #checkOrder(target: Target, stream: string, isTold: boolean): void {
    const { sequenceFailures } = this.#feed.counters(target.instrument) as InstrumentCounters;
    const failures = sequenceFailures + target.order.late;
    if (failures > target.sequenceFailures && !isTold) this.#fail(`${stream}: came late, or twice`);
    target.sequenceFailures = failures;
  }

  /** Holes that the feed does not tell: among diffs that wait for a snapshot, or do not make the book. */
  #checkDepth(target: Target, diff: DepthDiff): void {
    const { order, instrument } = target;
    this.#target = target;
    this.#checkJoined(target, diff);
    const hole = order.takeDepth(this.#place, diff, this.#feed.book(instrument) !== undefined);
    if (hole !== undefined) this.#onHole(target, hole);
  }

  /** A snapshot from ahead of its diffs: they would be passed over for ever as older than it. */
  #checkJoined(target: Target, { lastSequence }: DepthDiff): void {
    const { loaded, instrument } = target;
    if (loaded === undefined) return;
    const { bookUpdates } = this.#feed.counters(instrument) as InstrumentCounters;
    if (bookUpdates > loaded.bookUpdates || lastSequence > loaded.sequence) target.loaded = undefined;
    else if (this.#atUs - loaded.atUs > AHEAD_US) {
      target.loaded = undefined;
      target.isAhead = true;
      this.#tally.snapshots.applied--;
      this.#tally.snapshots.stale++;
      this.#fail(
        `${instrument.id}: the snapshot of sequence ${loaded.sequence} is ahead of diffs that came 5 s after it`,
      );
    }
  }

  #onHole(target: Target, { last, firstSequence, lastSequence, isOfBook }: Hole): void {
    const { instrument, order, held } = target;
    const isForFeed = isOfBook && this.#feed.book(instrument) !== undefined; // which finds it in what follows
    if (!isForFeed) {
      this.#tally.gaps++;
      this.#fail(`${instrument.id}: diff ${firstSequence} to ${lastSequence} does not follow ${last}`);
    }
    if (!isOfBook) return;
    target.held = held.filter(({ chain }) => chain !== order.chains.book);
    for (const { chain, data, atUs } of held)
      if (chain === order.chains.book) this.#feed.frame(data, atUs, this.#ns(atUs));
  }

  #onEvent(event: MarketEvent): void {
    if (event.kind === "book") this.#checkCrossed(event);
    else if (event.kind === "gap") this.#onGap(event);
  }

  #onGap({ instrument, channel, reason }: GapEvent): void {
    this.#tally.gaps++;
    this.#fail(`${instrument.id}: gap in ${channel}: ${reason}`);
  }

  #checkCrossed({ instrument, book, sequence }: BookEvent): void {
    if (!(book.bestBidTicks >= book.bestAskTicks)) return; // also of an empty side, whose price is NaN
    this.#tally.crossed++;
    this.#fail(`${instrument.id}: at sequence ${sequence} the book is crossed`);
  }

  #onError(error: Error): void {
    if (this.#isBad) return; // told by the decoder before
    this.#tally.errors++;
    this.#fail(error.message);
  }

  #fail(what: string): void {
    const { examples } = this.#tally;
    if (examples.length < MOST_EXAMPLES) examples.push(masked(`${new Date(this.#atUs / 1000).toISOString()} ${what}`));
  }

  /** On a clock of the recording's own: nanoseconds since the epoch are no safe integers. */
  #ns(atUs: number): number {
    return (atUs - this.#firstAtUs) * 1000;
  }
}

function masked(text: string): string {
  return text.replace(CREDENTIAL, "***");
}

/** As a copy: what is taken is valid only during the call. */
function hold({ held, order }: Target, data: Buffer, atUs: number): void {
  held.push({ chain: order.chains.chain, data: Buffer.from(data), atUs });
  if (held.length > MOST_HELD) held.shift();
}
