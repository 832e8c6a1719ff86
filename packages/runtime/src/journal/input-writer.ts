import {
  type BarInputFields,
  BLOCK_BYTES,
  BLOCK_VERSION,
  type BookInputFields,
  CAUSES,
  CHANNELS,
  FLAG,
  type GapInputFields,
  INTERVALS,
  type InputLevel,
  type InputRecord,
  type LevelList,
  type QuoteInputFields,
  type ResyncInputFields,
  SLOT,
  SLOTS,
  TAG,
  type TradeInputFields,
  UNLISTED,
} from "./inputs.ts";
import { ByteWriter } from "./varint.ts";

const RECORD_BYTES = 160; // more than any record without levels and text takes: a tag, and at most 15 numbers of 9 bytes
const LEVEL_BYTES = 18;
// Places in the arrays of times.
const AT = 0;
const VENUE_AT = 1;
const RECEIVED_AT = 2;

/**
 * Packs inputs into blocks: a byte of kind and flags, then numbers as differences from the record before or from the last one of the
 * same instrument. A quote takes some 14 bytes.
 *
 *     | version | count | base time | tag, atUs+, instrument, fields ... | tag, atUs+, ... |
 *
 * Every block stands alone: its first record of an instrument is in full. Nothing is allocated per record (but for text of gaps).
 * When a block would pass 64 KiB, `onFull` is called and must `take` it.
 *
 * @example
 * writer.quote(atUs, indexOf(event.instrument), event);
 * writer.frameEnd(atUs);
 * for (const record of decodeInputs(writer.take()!)) console.log(record.kind);
 */
export class InputWriter {
  readonly #out = new ByteWriter(BLOCK_BYTES);
  readonly #onFull: () => void;
  /** Time of the last record, venue time of the last market record. */
  readonly #last = new Float64Array(2);
  /** Times of the record that is being written: in an array, as `ByteWriter` says why. */
  readonly #now = new Float64Array(3);
  #count = 0;
  #firstAtUs = Number.NaN;
  #block = 0;
  #state = new Float64Array(64 * SLOTS);

  constructor(onFull: () => void) {
    this.#onFull = onFull;
  }

  /** Records in the block that is being written. */
  get count(): number {
    return this.#count;
  }

  /** Time of the first record in the block that is being written. Only while `count` is above 0. */
  get firstAtUs(): number {
    return this.#firstAtUs;
  }

  /** Time of the last record of all; 0 before the first. */
  get lastAtUs(): number {
    return this.#last[AT]!;
  }

  quote(atUs: number, instrument: number, event: QuoteInputFields): void {
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = event.venueAtUs;
    this.#now[RECEIVED_AT] = event.receivedAtUs;
    this.#beginMarket(TAG.quote, 0, instrument);
    const at = this.#slotsOf(instrument);
    const state = this.#state;
    const { values, previous } = this.#out;
    values[0] = event.sequence;
    values[1] = event.bidTicks;
    values[2] = event.bidLots;
    values[3] = event.askTicks;
    values[4] = event.askLots;
    for (let i = 0; i < 5; i++) previous[i] = state[at + i]!;
    this.#out.deltas(5);
    for (let i = 0; i < 5; i++) state[at + i] = previous[i]!;
  }

  trade(atUs: number, instrument: number, event: TradeInputFields): void {
    const flags = (event.aggressor === "buy" ? FLAG.first : 0) | (event.isBackfilled ? FLAG.second : 0);
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = event.venueAtUs;
    this.#now[RECEIVED_AT] = event.receivedAtUs;
    this.#beginMarket(TAG.trade, flags, instrument);
    const at = this.#slotsOf(instrument);
    const state = this.#state;
    const { values, previous } = this.#out;
    values[0] = event.tradeId;
    values[1] = event.priceTicks;
    values[2] = event.sizeLots;
    previous[0] = state[at + SLOT.tradeId]!;
    previous[1] = state[at + SLOT.tradeTicks]!;
    previous[2] = 0;
    this.#out.deltas(3);
    state[at + SLOT.tradeId] = previous[0];
    state[at + SLOT.tradeTicks] = previous[1];
  }

  /** The changed levels of a book, or all of it, best first, when `isSnapshot`; `isRepeat` as in `BookInput`. */
  book(
    atUs: number,
    instrument: number,
    event: BookInputFields,
    bids: LevelList,
    asks: LevelList,
    isSnapshot = false,
    isRepeat = false,
  ): void {
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = event.venueAtUs;
    this.#now[RECEIVED_AT] = event.receivedAtUs;
    const room = (bids.count + asks.count) * LEVEL_BYTES;
    this.#beginMarket(TAG.book, (isSnapshot ? FLAG.first : 0) | (isRepeat ? FLAG.second : 0), instrument, room);
    const at = this.#slotsOf(instrument);
    this.#field(at + SLOT.sequence, event.sequence);
    this.#levels(bids, at + SLOT.bookBidTicks);
    this.#levels(asks, at + SLOT.bookAskTicks);
  }

  gap(atUs: number, instrument: number, { venueAtUs, receivedAtUs, channel, cause, reason }: GapInputFields): void {
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = venueAtUs;
    this.#now[RECEIVED_AT] = receivedAtUs;
    this.#beginMarket(TAG.gap, 0, instrument);
    this.#name(CHANNELS, channel);
    this.#name(CAUSES, cause);
    this.#out.text(reason);
  }

  resync(atUs: number, instrument: number, event: ResyncInputFields): void {
    const { venueAtUs, receivedAtUs, channel, backfilled, missing } = event;
    const flags = missing === undefined ? 0 : FLAG.first;
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = venueAtUs;
    this.#now[RECEIVED_AT] = receivedAtUs;
    this.#beginMarket(TAG.resync, flags, instrument);
    this.#name(CHANNELS, channel);
    this.#out.int(backfilled);
    if (missing !== undefined) this.#out.int(missing);
  }

  bar(atUs: number, instrument: number, event: BarInputFields): void {
    const { venueAtUs, receivedAtUs, quoteVolume, isClosed } = event;
    const fits = quoteVolume <= Number.MAX_SAFE_INTEGER && quoteVolume >= -Number.MAX_SAFE_INTEGER;
    const flags = (isClosed ? FLAG.first : 0) | (fits ? FLAG.second : 0);
    this.#now[AT] = atUs;
    this.#now[VENUE_AT] = venueAtUs;
    this.#now[RECEIVED_AT] = receivedAtUs;
    this.#beginMarket(TAG.bar, flags, instrument);
    const at = this.#slotsOf(instrument);
    this.#name(INTERVALS, event.interval);
    this.#field(at + SLOT.barStartUs, event.startUs);
    this.#field(at + SLOT.barTicks, event.openTicks);
    this.#field(at + SLOT.barTicks, event.highTicks);
    this.#field(at + SLOT.barTicks, event.lowTicks);
    this.#field(at + SLOT.barTicks, event.closeTicks);
    this.#out.int(event.volumeLots);
    this.#out.int(event.trades);
    if (fits) this.#out.int(Number(quoteVolume));
    else this.#out.text(quoteVolume.toString());
  }

  frameEnd(atUs: number): void {
    this.#begin(TAG.frameEnd, atUs, 0);
  }

  continue(atUs: number): void {
    this.#begin(TAG.continue, atUs, 0);
  }

  flushLow(atUs: number): void {
    this.#begin(TAG.flushLow, atUs, 0);
  }

  timer(atUs: number, plugin: number, id: number): void {
    this.#begin(TAG.timer, atUs, 0);
    this.#out.int(plugin);
    this.#out.int(id);
  }

  /** Writes a record as a reader gave it. */
  record(record: InputRecord): void {
    switch (record.kind) {
      case "quote":
        return this.quote(record.atUs, record.instrument, record);
      case "trade":
        return this.trade(record.atUs, record.instrument, record);
      case "book": {
        const { atUs, instrument, bids, asks, isSnapshot } = record;
        return this.book(atUs, instrument, record, new LevelArray(bids), new LevelArray(asks), isSnapshot);
      }
      case "gap":
        return this.gap(record.atUs, record.instrument, record);
      case "resync":
        return this.resync(record.atUs, record.instrument, record);
      case "bar":
        return this.bar(record.atUs, record.instrument, record);
      case "timer":
        return this.timer(record.atUs, record.plugin, record.id);
      default:
        return this.#begin(TAG[record.kind], record.atUs, 0);
    }
  }

  /** The block so far, and begins the next; undefined when there is nothing in it. */
  take(): Uint8Array | undefined {
    if (this.#count === 0) return undefined;
    this.#out.setUint32(1, this.#count);
    const block = this.#out.copy();
    this.#out.clear();
    this.#count = 0;
    return block;
  }

  #begin(tag: number, atUs: number, room: number): void {
    const out = this.#out;
    this.#makeRoom(room);
    if (this.#count++ === 0) this.#open(atUs);
    out.byte(tag);
    out.values[0] = atUs;
    out.previous[0] = this.#last[AT]!;
    out.deltas(1);
    this.#last[AT] = out.previous[0];
  }

  /** Writes what all market inputs begin with; their times are in `#now`. */
  #beginMarket(tag: number, flags: number, instrument: number, room = 0): void {
    const out = this.#out;
    const last = this.#last;
    const now = this.#now;
    this.#makeRoom(room);
    if (this.#count++ === 0) this.#open(now[AT]!);
    const { values, previous } = out;
    const isNow = now[RECEIVED_AT] === now[AT] ? FLAG.receivedNow : 0;
    const isSame = now[VENUE_AT] === last[VENUE_AT] ? FLAG.sameVenueTime : 0;
    out.byte(tag | flags | isNow | isSame);
    values[0] = now[AT]!;
    previous[0] = last[AT]!;
    values[1] = instrument;
    previous[1] = 0;
    let count = 2;
    if (isNow === 0) {
      values[count] = now[RECEIVED_AT]!;
      previous[count++] = now[AT]!;
    }
    if (isSame === 0) {
      values[count] = now[VENUE_AT]!;
      previous[count++] = last[VENUE_AT]!;
    }
    out.deltas(count);
    last[AT] = previous[0]!;
    if (isSame === 0) last[VENUE_AT] = previous[count - 1]!;
  }

  #makeRoom(room: number): void {
    const needed = RECORD_BYTES + room;
    if (this.#count > 0 && this.#out.length + needed > BLOCK_BYTES) this.#onFull();
    this.#out.reserve(needed);
  }

  #open(atUs: number): void {
    const out = this.#out;
    this.#block++;
    this.#firstAtUs = atUs;
    this.#last.fill(atUs);
    out.byte(BLOCK_VERSION);
    out.uint32(0); // the count, known when the block is taken
    out.float(atUs);
  }

  #slotsOf(instrument: number): number {
    const at = instrument * SLOTS;
    if (at >= this.#state.length) this.#growTo(at + SLOTS);
    const state = this.#state;
    if (state[at + SLOT.block] !== this.#block) {
      state.fill(0, at, at + SLOTS);
      state[at + SLOT.block] = this.#block;
    }
    return at;
  }

  #growTo(length: number): void {
    const state = new Float64Array(Math.max(this.#state.length * 2, length));
    state.set(this.#state);
    this.#state = state;
  }

  #field(slot: number, value: number): void {
    const { values, previous } = this.#out;
    values[0] = value;
    previous[0] = this.#state[slot]!;
    this.#out.deltas(1);
    this.#state[slot] = previous[0];
  }

  /** Prices as differences from level to level; the slot keeps where the first one was, near which the next list begins. */
  #levels(levels: LevelList, slot: number): void {
    const out = this.#out;
    const { values, previous } = out;
    const { count } = levels;
    out.int(count);
    previous[0] = this.#state[slot]!;
    for (let i = 0; i < count; i++) {
      values[0] = levels.ticksAt(i);
      values[1] = levels.lotsAt(i);
      previous[1] = 0;
      out.deltas(2);
      if (i === 0) this.#state[slot] = previous[0];
    }
  }

  #name(names: readonly string[], name: string): void {
    const index = names.indexOf(name);
    this.#out.byte(index === -1 ? UNLISTED : index);
    if (index === -1) this.#out.text(name);
    this.#out.reserve(RECORD_BYTES);
  }
}

class LevelArray implements LevelList {
  readonly #levels: readonly InputLevel[];

  constructor(levels: readonly InputLevel[]) {
    this.#levels = levels;
  }

  get count(): number {
    return this.#levels.length;
  }

  ticksAt(index: number): number {
    return this.#levels[index]!.ticks;
  }

  lotsAt(index: number): number {
    return this.#levels[index]!.lots;
  }
}

/** Blocks that hold `records`, each as large as may be. Pure. */
export function encodeInputs(records: Iterable<InputRecord>): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const cut = () => {
    const block = writer.take();
    if (block !== undefined) blocks.push(block);
  };
  const writer = new InputWriter(cut);
  for (const record of records) writer.record(record);
  cut();
  return blocks;
}
