import type { MessagePort } from "node:worker_threads";
import type {
  BarEvent,
  BookChange,
  BookEvent,
  Channel,
  GapEvent,
  Instrument,
  Levels,
  MarketEvent,
  OrderBook,
  QuoteEvent,
  ResyncEvent,
  TradeEvent,
} from "@pitlane/sdk";
import {
  BACKFILLED,
  BOOK,
  EVENT_LAYOUT,
  type EventRecord,
  type EventRing,
  LEVELS,
  NOTE,
  QUIET,
  QUOTE,
  SELL,
  TRADE,
  type WorkerNote,
} from "./worker-protocol.ts";

/** News of own orders that wait for room in the ring: a worker that leaves more unread is not keeping up at all. */
const MOST_WAITING = 10_000;

/** Levels of a side that go through the ring: beyond, one message costs less. */
const MOST_LEVELS = 64;

/** A gap, the whole book and the end of the gap. */
const TELLING_LOST = 3;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Lost {
  count: number;
  readonly last: MarketEvent;
}

export interface WorkerFeedOptions {
  readonly ring: EventRing;
  readonly notes: MessagePort;
  readonly instruments: readonly Instrument[];
  readonly positionLots: (instrument: Instrument) => number;
}

/**
 * Writes what a worker shall hear into its ring.
 *
 *     quote, trade        a record
 *     book                its levels that changed, two a record, then a record; as a whole, or many levels, a note
 *     all else            a note: an object on the port, and a record that keeps its place
 *
 * A ring that is full loses market events, and says so: before the next event of that instrument the worker is told of a gap, is given the
 * whole book, and is told of the gap's end. News of own orders is never lost: it waits here, and `isBehind` tells when too much does.
 */
export class WorkerFeed {
  readonly #ring: EventRing;
  readonly #notes: MessagePort;
  readonly #indexes: ReadonlyMap<Instrument, number>;
  readonly #positionLots: (instrument: Instrument) => number;
  readonly #record = EVENT_LAYOUT.createRecord();
  readonly #lost = new Map<Instrument, Map<Channel, Lost>>();
  readonly #waiting: { readonly note: WorkerNote; readonly instrument: Instrument }[] = [];
  #dropped = 0;
  /** The plugin is to know what comes, and not to be called for it. */
  isQuiet = false;

  constructor({ ring, notes, instruments, positionLots }: WorkerFeedOptions) {
    this.#ring = ring;
    this.#notes = notes;
    this.#indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    this.#positionLots = positionLots;
  }

  /** Market events that found the ring full. */
  get dropped(): number {
    return this.#dropped;
  }

  get isBehind(): boolean {
    return this.#waiting.length > MOST_WAITING;
  }

  /** @param change What a `book` event changed; undefined when the whole book is new. */
  market(event: MarketEvent, change?: BookChange): void {
    if (this.#lost.size > 0 && !this.#tellLost(event.instrument)) return this.#lose(event);
    if (!this.#push(event, change)) this.#lose(event);
  }

  /** The book of an instrument as it is, for a worker that has come late: no hook hears of it. */
  book(instrument: Instrument, book: OrderBook): void {
    const at = { sequence: 0, venueAtUs: 0, receivedAtUs: 0, receivedNs: Number.NaN };
    this.#pushWhole({ kind: "book", instrument, book, ...at }, true);
  }

  /** News of an own order, in order. */
  note(instrument: Instrument, note: WorkerNote): void {
    this.#waiting.push({ note, instrument });
    this.flush();
  }

  /** Writes what waits while there is room. */
  flush(): void {
    let written = 0;
    for (const { note, instrument } of this.#waiting) {
      if (!this.#pushNote(instrument, note)) break;
      written++;
    }
    this.#waiting.splice(0, written);
  }

  #push(event: MarketEvent, change: BookChange | undefined): boolean {
    switch (event.kind) {
      case "quote":
        return this.#pushQuote(event);
      case "trade":
        return this.#pushTrade(event);
      case "book":
        return this.#pushBook(event, change);
      default:
        return this.#pushWords(event);
    }
  }

  #pushQuote(event: QuoteEvent): boolean {
    const record = this.#head(QUOTE, event);
    record.sequence = event.sequence;
    record.bidTicks = event.bidTicks;
    record.bidLots = event.bidLots;
    record.askTicks = event.askTicks;
    record.askLots = event.askLots;
    return this.#ring.tryPush(record);
  }

  #pushTrade(event: TradeEvent): boolean {
    const record = this.#head(TRADE, event);
    record.flags |= (event.aggressor === "sell" ? SELL : 0) | (event.isBackfilled ? BACKFILLED : 0);
    record.sequence = event.tradeId;
    record.bidTicks = event.priceTicks;
    record.bidLots = event.sizeLots;
    return this.#ring.tryPush(record);
  }

  #pushBook(event: BookEvent, change: BookChange | undefined): boolean {
    if (change === undefined) return this.#pushWhole(event, this.isQuiet);
    const { bids, asks } = change;
    const records = Math.max(bids.count, asks.count);
    if (records > MOST_LEVELS) return this.#pushLevels(event, false, inTurns(bids), inTurns(asks), this.isQuiet);
    if (this.#ring.size + records >= this.#ring.capacity) return false;
    const record = this.#head(BOOK, event);
    record.kind = LEVELS;
    for (let i = 0; i < records; i++) {
      record.bidTicks = i < bids.count ? bids.ticksAt(i) : Number.NaN;
      record.bidLots = i < bids.count ? bids.lotsAt(i) : 0;
      record.askTicks = i < asks.count ? asks.ticksAt(i) : Number.NaN;
      record.askLots = i < asks.count ? asks.lotsAt(i) : 0;
      this.#ring.tryPush(record);
    }
    record.kind = BOOK;
    record.sequence = event.sequence;
    return this.#ring.tryPush(record);
  }

  #pushWhole(event: BookEvent, isQuiet: boolean): boolean {
    return this.#pushLevels(event, true, allOf(event.book, "bid"), allOf(event.book, "ask"), isQuiet);
  }

  #pushLevels(
    { instrument, book: _, ...about }: BookEvent,
    isWhole: boolean,
    bids: Float64Array,
    asks: Float64Array,
    isQuiet: boolean,
  ): boolean {
    return this.#pushNote(instrument, { type: "book", event: { ...about, isWhole, bids, asks } }, isQuiet);
  }

  #pushWords({ instrument, ...event }: GapEvent | ResyncEvent | BarEvent): boolean {
    return this.#pushNote(instrument, { type: "market", event });
  }

  #pushNote(instrument: Instrument, note: WorkerNote, isQuiet = this.isQuiet): boolean {
    // This thread alone pushes, so room that is there stays until the record is in, and no note comes without its record.
    if (this.#ring.size >= this.#ring.capacity || this.#ring.closed) return false;
    this.#notes.postMessage(note);
    const record = this.#record;
    record.kind = NOTE;
    record.flags = isQuiet ? QUIET : 0;
    record.instrument = this.#indexes.get(instrument)!;
    record.positionLots = this.#positionLots(instrument);
    return this.#ring.tryPush(record);
  }

  #head(kind: number, { instrument, receivedAtUs, receivedNs, venueAtUs }: MarketEvent): Writable<EventRecord> {
    const record = this.#record;
    record.kind = kind;
    record.flags = this.isQuiet ? QUIET : 0;
    record.instrument = this.#indexes.get(instrument)!;
    record.receivedAtUs = receivedAtUs;
    record.receivedNs = receivedNs;
    record.venueAtUs = venueAtUs;
    record.positionLots = this.#positionLots(instrument);
    return record;
  }

  #lose(event: MarketEvent): void {
    this.#dropped++;
    const channel = "channel" in event ? event.channel : event.kind;
    const ofInstrument = this.#lost.get(event.instrument) ?? new Map<Channel, Lost>();
    this.#lost.set(event.instrument, ofInstrument);
    const count = (ofInstrument.get(channel)?.count ?? 0) + 1;
    ofInstrument.set(channel, { count, last: event });
  }

  /** Says what was lost of an instrument; false while there is no room for it. */
  #tellLost(instrument: Instrument): boolean {
    const channels = this.#lost.get(instrument);
    if (channels === undefined) return true;
    for (const [channel, { count, last }] of channels) {
      const { receivedAtUs, receivedNs, venueAtUs } = last;
      const about = { instrument, receivedAtUs, receivedNs, venueAtUs, channel };
      const reason = `the worker was too slow for ${count} events`;
      if (this.#ring.size + TELLING_LOST > this.#ring.capacity) return false;
      this.#pushWords({ ...about, kind: "gap", cause: "overflow", reason });
      if (last.kind === "book") this.#pushWhole(last, true);
      // A gap of the stream's own that got lost here is not over: its end is yet to come, and will be told as it is.
      if (last.kind !== "gap") this.#pushWords({ ...about, kind: "resync", backfilled: 0, missing: count });
      channels.delete(channel);
    }
    this.#lost.delete(instrument);
    return true;
  }
}

/** Levels as a note carries them. */
function inTurns(levels: Levels): Float64Array {
  const all = new Float64Array(2 * levels.count);
  for (let i = 0; i < levels.count; i++) {
    all[2 * i] = levels.ticksAt(i);
    all[2 * i + 1] = levels.lotsAt(i);
  }
  return all;
}

function allOf(book: OrderBook, side: "bid" | "ask"): Float64Array {
  const all = new Float64Array(2 * (side === "bid" ? book.bidLevels : book.askLevels));
  let at = 0;
  book.forEachLevel(side, (ticks, lots) => {
    all[at++] = ticks;
    all[at++] = lots;
  });
  return all;
}
