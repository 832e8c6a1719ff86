import type { MessagePort } from "node:worker_threads";
import type {
  BarEvent,
  BookEvent,
  Channel,
  GapEvent,
  Instrument,
  MarketEvent,
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
  NOTE,
  QUOTE,
  SELL,
  TRADE,
  type WorkerNote,
} from "./worker-protocol.ts";

/** News of own orders that wait for room in the ring: a worker that leaves more unread is not keeping up at all. */
const MOST_WAITING = 10_000;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Lost {
  count: number;
  readonly last: MarketEvent;
}

/**
 * Writes what a worker shall hear into its ring.
 *
 * A ring that is full loses market events, and says so: before the next event of that instrument the worker is told of a gap and of its
 * end. News of own orders is never lost: it waits here, and `isBehind` tells when too much does.
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

  constructor(
    ring: EventRing,
    notes: MessagePort,
    instruments: readonly Instrument[],
    positionLots: (instrument: Instrument) => number,
  ) {
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

  market(event: MarketEvent): void {
    if (this.#lost.size > 0 && !this.#tellLost(event.instrument)) return this.#lose(event);
    if (!this.#push(event)) this.#lose(event);
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

  #push(event: MarketEvent): boolean {
    switch (event.kind) {
      case "quote":
        return this.#pushQuote(event);
      case "trade":
        return this.#pushTrade(event);
      case "book":
        return this.#pushBook(event);
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
    record.flags = (event.aggressor === "sell" ? SELL : 0) | (event.isBackfilled ? BACKFILLED : 0);
    record.sequence = event.tradeId;
    record.bidTicks = event.priceTicks;
    record.bidLots = event.sizeLots;
    return this.#ring.tryPush(record);
  }

  #pushBook(event: BookEvent): boolean {
    const { book } = event;
    const record = this.#head(BOOK, event);
    record.sequence = event.sequence;
    record.bidTicks = book.bestBidTicks;
    record.bidLots = book.bestBidLots;
    record.askTicks = book.bestAskTicks;
    record.askLots = book.bestAskLots;
    return this.#ring.tryPush(record);
  }

  #pushWords({ instrument, ...event }: GapEvent | ResyncEvent | BarEvent): boolean {
    return this.#pushNote(instrument, { type: "market", event });
  }

  #pushNote(instrument: Instrument, note: WorkerNote): boolean {
    // This thread alone pushes, so room that is there stays until the record is in, and no note comes without its record.
    if (this.#ring.size >= this.#ring.capacity || this.#ring.closed) return false;
    this.#notes.postMessage(note);
    const record = this.#record;
    record.kind = NOTE;
    record.instrument = this.#indexes.get(instrument)!;
    record.positionLots = this.#positionLots(instrument);
    return this.#ring.tryPush(record);
  }

  #head(kind: number, { instrument, receivedAtUs, receivedNs, venueAtUs }: MarketEvent): Writable<EventRecord> {
    const record = this.#record;
    record.kind = kind;
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
      if (this.#ring.size + 2 > this.#ring.capacity) return false;
      this.#pushWords({ ...about, kind: "gap", cause: "overflow", reason });
      // A gap of the stream's own that got lost here is not over: its end is yet to come, and will be told as it is.
      if (last.kind !== "gap") this.#pushWords({ ...about, kind: "resync", backfilled: 0, missing: count });
      channels.delete(channel);
    }
    this.#lost.delete(instrument);
    return true;
  }
}
