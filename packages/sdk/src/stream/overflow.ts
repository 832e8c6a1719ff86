import { integerInRange, PitlaneError } from "@pitlane/perf";
import { check, checkObject } from "../checks.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Channel, MarketEvent } from "./events.ts";
import type { UnreadEvents } from "./iterate.ts";

/**
 * What happens to events that a slow consumer has not read. `conflate`: of books, quotes and bars the latest unread one per
 * instrument stays, in the place of the one before; trades are kept, and when they are too many the oldest go. `dropOldest`: when
 * there are too many, the oldest of all go. `close`: the stream ends. What went is told by a gap with cause `overflow`.
 */
export type OverflowPolicy = "conflate" | "dropOldest" | "close";

export interface OverflowOptions {
  /** Default `conflate`. */
  readonly policy?: OverflowPolicy;
  /** Most events that wait, 1 to 1,000,000; default 10,000. */
  readonly capacity?: number;
}

/** A stream was ended because its consumer did not keep up, as its policy asks for. */
export class StreamOverflowError extends PitlaneError {
  readonly code = "STREAM_OVERFLOW";
  readonly retryable = false;
}

interface Slot {
  event: MarketEvent | undefined; // undefined once it was dropped
}

/** What waits, and what was lost, of one channel of an instrument. */
interface ChannelState {
  /** Unread events that a newer one replaces: of bars one for each interval. */
  readonly latest: Map<string, Slot>;
  dropped: number;
  /** The last word that was dropped of it was a gap: the resync that ends it is still to come. */
  isGapDropped: boolean;
  venueAtUs: number;
}

const CHANNEL_OF = { book: "book", quote: "quote", trade: "trade", bar: "bar" } as const;

/**
 * The events that a consumer has not read yet: a bounded queue, in order, that never drops silently.
 *
 *   head                                tail
 *    v                                   v
 * [ book  trade  (dropped)  quote  trade ]   a newer quote goes where the unread one is
 *
 * Dropped trades leave empty slots, which are cleared away when they are as many as the queue is long: a push costs the same on
 * average however full it is. A book event holds the live book: read late, it shows a later state than its sequence.
 */
export class EventQueue implements UnreadEvents<MarketEvent> {
  readonly #policy: OverflowPolicy;
  readonly #capacity: number;
  #slots: Slot[] = [];
  #head = 0;
  #live = 0; // slots with an event
  #trades: Slot[] = []; // the same slots, those of trades alone
  #tradesHead = 0;
  readonly #channels = new Map<Instrument, Map<Channel, ChannelState>>();
  readonly #owed: MarketEvent[] = []; // to be read first: words about what was dropped, and events that come right after them
  #hasDropped = false;

  /** @throws {InvalidInputError} When `policy` is none, or `capacity` is out of range. */
  constructor(options: OverflowOptions = {}) {
    checkObject("overflow", options);
    const { policy = "conflate", capacity = 10_000 } = options;
    const isPolicy = policy === "conflate" || policy === "dropOldest" || policy === "close";
    check(isPolicy, "overflow.policy", '"conflate", "dropOldest" or "close"', policy);
    this.#policy = policy;
    this.#capacity = integerInRange("overflow.capacity", capacity, 1, 1_000_000);
  }

  get size(): number {
    return this.#live;
  }

  /** Slots in use, empty ones among them; never more than three times the capacity and a thousand. */
  get slots(): number {
    return this.#slots.length;
  }

  /** Takes an event; false when the queue is full and its policy is `close`. */
  tryPush(event: MarketEvent): boolean {
    if (this.#policy === "conflate" && this.#tryReplace(event)) return true;
    if (this.#live >= this.#capacity) {
      if (this.#policy === "close") return false;
      this.#dropOne();
    }
    const slot: Slot = { event };
    this.#slots.push(slot);
    this.#live++;
    if (this.#policy === "conflate") this.#note(event, slot);
    return true;
  }

  /** The next event to read; undefined when there is none. */
  shift(): MarketEvent | undefined {
    if (this.#hasDropped && this.#owed.length === 0) this.#oweWords();
    return this.#owed.shift() ?? this.#next();
  }

  #next(): MarketEvent | undefined {
    while (this.#head < this.#slots.length) {
      const slot = this.#slots[this.#head++] as Slot;
      if (this.#head > 1024 && this.#head * 2 > this.#slots.length) this.#clearAway();
      if (slot.event === undefined) continue;
      return this.#empty(slot);
    }
    return undefined;
  }

  /** A book, quote or bar takes the place of the unread one before it. */
  #tryReplace(event: MarketEvent): boolean {
    if (event.kind !== "book" && event.kind !== "quote" && event.kind !== "bar") return false;
    const slot = this.#channels.get(event.instrument)?.get(CHANNEL_OF[event.kind])?.latest.get(keyOf(event));
    if (slot === undefined) return false;
    slot.event = event;
    return true;
  }

  #note(event: MarketEvent, slot: Slot): void {
    switch (event.kind) {
      case "trade":
        this.#trades.push(slot);
        return;
      case "gap":
      case "resync":
        // What comes after the word must not be put before it.
        this.#channels.get(event.instrument)?.get(event.channel)?.latest.clear();
        return;
      default:
        this.#stateOf(event.instrument, CHANNEL_OF[event.kind]).latest.set(keyOf(event), slot);
    }
  }

  #empty(slot: Slot): MarketEvent {
    const event = slot.event as MarketEvent;
    slot.event = undefined;
    this.#live--;
    if (this.#policy === "conflate" && "channel" in event === false && event.kind !== "trade") {
      const latest = this.#channels.get(event.instrument)?.get(CHANNEL_OF[event.kind])?.latest;
      if (latest?.get(keyOf(event)) === slot) latest.delete(keyOf(event));
    }
    return event;
  }

  /** Makes room: the oldest trade goes, or, without one, the oldest of all. */
  #dropOne(): void {
    let slot = this.#oldestTrade();
    while (slot === undefined || slot.event === undefined) slot = this.#slots[this.#head++] as Slot;
    const event = this.#empty(slot);
    const channel = "channel" in event ? event.channel : CHANNEL_OF[event.kind];
    const state = this.#stateOf(event.instrument, channel);
    if (event.kind === "gap") state.isGapDropped = true;
    else if (event.kind === "resync") state.isGapDropped = false;
    else state.dropped++;
    state.venueAtUs = event.venueAtUs;
    this.#hasDropped = true;
    if (this.#slots.length - this.#head > 2 * this.#capacity) this.#clearAway();
  }

  #oldestTrade(): Slot | undefined {
    while (this.#tradesHead < this.#trades.length) {
      const slot = this.#trades[this.#tradesHead++] as Slot;
      if (slot.event !== undefined) return slot;
    }
    return undefined;
  }

  #clearAway(): void {
    this.#slots = this.#slots.slice(this.#head).filter(({ event }) => event !== undefined);
    this.#head = 0;
    this.#trades = this.#trades.slice(this.#tradesHead).filter(({ event }) => event !== undefined);
    this.#tradesHead = 0;
  }

  /**
   * Puts in front of everything what must be said of the dropped events, and takes as many events out of the queue behind it: while a
   * reader is too slow more are dropped between any two reads, and he would be told of nothing but that.
   */
  #oweWords(): void {
    this.#hasDropped = false;
    const next = this.#slots.slice(this.#head).find(({ event }) => event !== undefined)?.event;
    const receivedAtUs = next?.receivedAtUs ?? 0;
    const receivedNs = next?.receivedNs ?? 0;
    for (const [instrument, channels] of this.#channels) {
      for (const [channel, state] of channels) {
        const { dropped, venueAtUs, isGapDropped } = state;
        if (dropped === 0 && !isGapDropped) continue;
        const at = { instrument, channel, venueAtUs, receivedAtUs, receivedNs };
        const reason = `overflow: ${dropped} events were dropped, the consumer is too slow`;
        this.#owed.push({ ...at, kind: "gap", cause: "overflow", reason });
        if (!isGapDropped) this.#owed.push({ ...at, kind: "resync", backfilled: 0, missing: dropped });
        state.dropped = 0;
        state.isGapDropped = false;
      }
    }
    for (let words = this.#owed.length; words > 0; words--) {
      const event = this.#next();
      if (event === undefined) return;
      this.#owed.push(event);
    }
  }

  #stateOf(instrument: Instrument, channel: Channel): ChannelState {
    let channels = this.#channels.get(instrument);
    if (channels === undefined) {
      channels = new Map();
      this.#channels.set(instrument, channels);
    }
    let state = channels.get(channel);
    if (state === undefined) {
      state = { latest: new Map(), dropped: 0, isGapDropped: false, venueAtUs: 0 };
      channels.set(channel, state);
    }
    return state;
  }
}

/** Events of one key replace each other. */
function keyOf(event: MarketEvent): string {
  return event.kind === "bar" ? `${event.interval} ${event.startUs}` : "";
}
