import type { BarInterval, Channel, GapCause } from "@pitlane/sdk";
import { JournalError } from "./errors.ts";
import {
  type BarInput,
  BLOCK_VERSION,
  type BookInput,
  CAUSES,
  CHANNELS,
  FLAG,
  INTERVALS,
  type InputLevel,
  type InputRecord,
  type MarketInputFields,
  SLOT,
  SLOTS,
  TAG,
  UNLISTED,
} from "./inputs.ts";
import { ByteReader } from "./varint.ts";

interface Head extends MarketInputFields {
  readonly atUs: number;
  readonly instrument: number;
}

/** Records of a block without reading them. */
export function countInputs(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset, block.byteLength).getUint32(1, true);
}

/**
 * The records of one block, in order, as the writer was given them.
 *
 * @throws {JournalError} When the block is damaged or of a newer layout. Its row's hash tells that before.
 */
export function* decodeInputs(block: Uint8Array): Generator<InputRecord> {
  const reader = new BlockReader(block);
  for (let left = reader.count; left > 0; left--) yield reader.read();
  reader.end();
}

class BlockReader {
  readonly count: number;
  readonly #in: ByteReader;
  readonly #states: Float64Array[] = [];
  #atUs: number;
  #venueAtUs: number;

  constructor(block: Uint8Array) {
    this.#in = new ByteReader(block);
    const version = this.#in.byte();
    if (version !== BLOCK_VERSION)
      throw new JournalError(
        `a block of inputs has layout ${version}, this version of Pitlane reads ${BLOCK_VERSION}: read it with the version that wrote it`,
      );
    this.count = this.#in.uint32();
    this.#atUs = this.#in.float();
    this.#venueAtUs = this.#atUs;
  }

  read(): InputRecord {
    const from = this.#in.at;
    const tag = this.#in.byte();
    const record = this.#readBody(tag & 0x0f, tag & 0xf0);
    if (record === undefined || this.#in.isOverrun) throw damaged(from);
    return record;
  }

  end(): void {
    if (!this.#in.isAtEnd) throw damaged(this.#in.at);
  }

  #readBody(tag: number, flags: number): InputRecord | undefined {
    switch (tag) {
      case TAG.quote:
        return this.#quote(this.#head(flags));
      case TAG.trade:
        return this.#trade(this.#head(flags), flags);
      case TAG.book:
        return this.#book(this.#head(flags), flags);
      case TAG.gap: {
        const head = this.#head(flags);
        const channel = this.#name(CHANNELS) as Channel;
        const cause = this.#name(CAUSES) as GapCause;
        return { kind: "gap", ...head, channel, cause, reason: this.#in.text() };
      }
      case TAG.resync: {
        const head = this.#head(flags);
        const channel = this.#name(CHANNELS) as Channel;
        const backfilled = this.#in.int();
        const missing = (flags & FLAG.first) === 0 ? undefined : this.#in.int();
        return { kind: "resync", ...head, channel, backfilled, missing };
      }
      case TAG.bar:
        return this.#bar(this.#head(flags), flags);
      case TAG.frameEnd:
        return { kind: "frameEnd", atUs: this.#time() };
      case TAG.continue:
        return { kind: "continue", atUs: this.#time() };
      case TAG.flushLow:
        return { kind: "flushLow", atUs: this.#time() };
      case TAG.timer:
        return { kind: "timer", atUs: this.#time(), plugin: this.#in.int(), id: this.#in.int() };
      default:
        return undefined;
    }
  }

  #time(): number {
    const { values, previous } = this.#in;
    previous[0] = this.#atUs;
    this.#in.deltas(1);
    this.#atUs = previous[0];
    return values[0]!;
  }

  #head(flags: number): Head {
    const { values, previous } = this.#in;
    const atUs = this.#time();
    previous[0] = 0;
    this.#in.deltas(1);
    const instrument = values[0]!;
    let receivedAtUs = atUs;
    if ((flags & FLAG.receivedNow) === 0) {
      previous[0] = atUs;
      this.#in.deltas(1);
      receivedAtUs = values[0]!;
    }
    let venueAtUs = this.#venueAtUs;
    if ((flags & FLAG.sameVenueTime) === 0) {
      previous[0] = venueAtUs;
      this.#in.deltas(1);
      venueAtUs = values[0]!;
      this.#venueAtUs = previous[0];
    }
    return { atUs, instrument, venueAtUs, receivedAtUs };
  }

  #quote({ atUs, instrument, venueAtUs, receivedAtUs }: Head): InputRecord {
    const state = this.#stateOf(instrument);
    const { values, previous } = this.#in;
    for (let i = 0; i < 5; i++) previous[i] = state[i]!;
    this.#in.deltas(5);
    for (let i = 0; i < 5; i++) state[i] = previous[i]!;
    return {
      kind: "quote",
      atUs,
      instrument,
      venueAtUs,
      receivedAtUs,
      sequence: values[SLOT.sequence]!,
      bidTicks: values[SLOT.bidTicks]!,
      bidLots: values[SLOT.bidLots]!,
      askTicks: values[SLOT.askTicks]!,
      askLots: values[SLOT.askLots]!,
    };
  }

  #trade({ atUs, instrument, venueAtUs, receivedAtUs }: Head, flags: number): InputRecord {
    const state = this.#stateOf(instrument);
    const { values, previous } = this.#in;
    previous[0] = state[SLOT.tradeId]!;
    previous[1] = state[SLOT.tradeTicks]!;
    previous[2] = 0;
    this.#in.deltas(3);
    state[SLOT.tradeId] = previous[0];
    state[SLOT.tradeTicks] = previous[1];
    return {
      kind: "trade",
      atUs,
      instrument,
      venueAtUs,
      receivedAtUs,
      tradeId: values[0]!,
      priceTicks: values[1]!,
      sizeLots: values[2]!,
      aggressor: (flags & FLAG.first) === 0 ? "sell" : "buy",
      isBackfilled: (flags & FLAG.second) !== 0,
    };
  }

  #book(head: Head, flags: number): BookInput {
    const state = this.#stateOf(head.instrument);
    const sequence = this.#field(state, SLOT.sequence);
    const bids = this.#levels(state, SLOT.bookBidTicks);
    const asks = this.#levels(state, SLOT.bookAskTicks);
    const book: BookInput = { kind: "book", ...head, sequence, isSnapshot: (flags & FLAG.first) !== 0, bids, asks };
    return (flags & FLAG.second) === 0 ? book : { ...book, isRepeat: true };
  }

  #bar(head: Head, flags: number): BarInput {
    const state = this.#stateOf(head.instrument);
    const interval = this.#name(INTERVALS) as BarInterval;
    const startUs = this.#field(state, SLOT.barStartUs);
    const openTicks = this.#field(state, SLOT.barTicks);
    const highTicks = this.#field(state, SLOT.barTicks);
    const lowTicks = this.#field(state, SLOT.barTicks);
    const closeTicks = this.#field(state, SLOT.barTicks);
    const volumeLots = this.#in.int();
    const trades = this.#in.int();
    const quoteVolume = (flags & FLAG.second) === 0 ? this.#bigint() : BigInt(this.#whole());
    const prices = { openTicks, highTicks, lowTicks, closeTicks };
    const isClosed = (flags & FLAG.first) !== 0;
    return { kind: "bar", ...head, interval, startUs, ...prices, volumeLots, trades, quoteVolume, isClosed };
  }

  #levels(state: Float64Array, slot: number): InputLevel[] {
    const count = this.#in.int();
    const { values, previous } = this.#in;
    previous[0] = state[slot]!;
    const levels: InputLevel[] = [];
    for (let i = 0; i < count; i++) {
      previous[1] = 0;
      this.#in.deltas(2);
      if (this.#in.isOverrun) throw damaged(this.#in.at);
      if (i === 0) state[slot] = previous[0];
      levels.push({ ticks: values[0]!, lots: values[1]! });
    }
    return levels;
  }

  #field(state: Float64Array, slot: number): number {
    const { values, previous } = this.#in;
    previous[0] = state[slot]!;
    this.#in.deltas(1);
    state[slot] = previous[0];
    return values[0]!;
  }

  #stateOf(instrument: number): Float64Array {
    const state = this.#states[instrument];
    if (state !== undefined) return state;
    if (!(instrument >= 0 && instrument <= 0xffffff)) throw damaged(this.#in.at);
    const fresh = new Float64Array(SLOTS);
    this.#states[instrument] = fresh;
    return fresh;
  }

  #name(names: readonly string[]): string {
    const index = this.#in.byte();
    if (index === UNLISTED) return this.#in.text();
    const name = names[index];
    if (name === undefined) throw damaged(this.#in.at);
    return name;
  }

  #whole(): number {
    const value = this.#in.int();
    if (!Number.isSafeInteger(value)) throw damaged(this.#in.at);
    return value;
  }

  #bigint(): bigint {
    const text = this.#in.text();
    if (!/^-?\d+$/.test(text)) throw damaged(this.#in.at);
    return BigInt(text);
  }
}

function damaged(at: number): JournalError {
  return new JournalError(`a block of inputs is damaged at byte ${at}: verify the journal it is from`);
}
