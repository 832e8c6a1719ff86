import type { BarInterval, Channel, GapCause, Side } from "@pitlane/sdk";

/** A level of a book: what now rests at a price; 0 lots remove it. */
export interface InputLevel {
  readonly ticks: number;
  readonly lots: number;
}

/** Fields that every market input has. */
export interface MarketInputFields {
  /** The venue's own time of the event, microseconds since the epoch; 0 where its message has none. */
  readonly venueAtUs: number;
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
}

export interface QuoteInputFields extends MarketInputFields {
  /** NaN on an empty side. */
  readonly bidTicks: number;
  readonly bidLots: number;
  /** NaN on an empty side. */
  readonly askTicks: number;
  readonly askLots: number;
  readonly sequence: number;
}

export interface TradeInputFields extends MarketInputFields {
  readonly tradeId: number;
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly aggressor: Side;
  readonly isBackfilled: boolean;
}

export interface BookInputFields extends MarketInputFields {
  readonly sequence: number;
}

export interface GapInputFields extends MarketInputFields {
  readonly channel: Channel;
  readonly cause: GapCause;
  readonly reason: string;
}

export interface ResyncInputFields extends MarketInputFields {
  readonly channel: Channel;
  readonly backfilled: number;
  readonly missing: number | undefined;
}

export interface BarInputFields extends MarketInputFields {
  readonly interval: BarInterval;
  readonly startUs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  readonly volumeLots: number;
  readonly quoteVolume: bigint;
  readonly trades: number;
  readonly isClosed: boolean;
}

interface At {
  /** When the core took it, microseconds since the epoch. */
  readonly atUs: number;
}

interface OfInstrument extends At {
  /** Index into the run's instruments, as its `run.start` row lists them. */
  readonly instrument: number;
}

export interface QuoteInput extends OfInstrument, QuoteInputFields {
  readonly kind: "quote";
}

export interface TradeInput extends OfInstrument, TradeInputFields {
  readonly kind: "trade";
}

/** The book changed at these levels; a snapshot replaces it by them, best first. */
export interface BookInput extends OfInstrument, BookInputFields {
  readonly kind: "book";
  readonly isSnapshot: boolean;
  /** The whole book as it stood already, written again for whoever begins to read here: nothing has happened, and no hook heard of it. */
  readonly isRepeat?: true;
  readonly bids: readonly InputLevel[];
  readonly asks: readonly InputLevel[];
}

export interface GapInput extends OfInstrument, GapInputFields {
  readonly kind: "gap";
}

export interface ResyncInput extends OfInstrument, ResyncInputFields {
  readonly kind: "resync";
}

export interface BarInput extends OfInstrument, BarInputFields {
  readonly kind: "bar";
}

/** The bus is drained: after a frame, as a deferred drain goes on, or of what the low lane kept. */
export interface DrainInput extends At {
  readonly kind: "frameEnd" | "continue" | "flushLow";
}

/** A timer of a plugin fired. */
export interface TimerInput extends At {
  readonly kind: "timer";
  /** Index into the run's plugins, as its `run.start` row lists them. */
  readonly plugin: number;
  readonly id: number;
}

export type MarketInput = QuoteInput | TradeInput | BookInput | GapInput | ResyncInput | BarInput;

/**
 * What a row of kind `inputs` holds, in the order in which the core took it. Numbers are safe integers, or NaN where the model has
 * NaN; anything else comes back too, in nine bytes.
 */
export type InputRecord = MarketInput | DrainInput | TimerInput;

/** Levels by index: `Levels` of the SDK is one. */
export interface LevelList {
  readonly count: number;
  ticksAt(index: number): number;
  lotsAt(index: number): number;
}

/** Largest block, but for one that a single book fills. */
export const BLOCK_BYTES = 65_536;

/** Layout of a block; the first of its bytes. */
export const BLOCK_VERSION = 1;

// The layout, shared by writer and reader. A new kind or name takes the next number: those given are for ever.

/** The low four bits of a record's first byte. */
export const TAG = {
  quote: 1,
  trade: 2,
  book: 3,
  gap: 4,
  resync: 5,
  bar: 6,
  frameEnd: 7,
  continue: 8,
  flushLow: 9,
  timer: 10,
} as const;

/** The high four bits. The first two mean the same for all market inputs. */
export const FLAG = {
  /** `receivedAtUs` is `atUs` and not written. */
  receivedNow: 0x10,
  /** `venueAtUs` is that of the market input before. */
  sameVenueTime: 0x20,
  /** Of a trade: the buyer took; a book: a snapshot; a bar: closed; a resync: `missing` is known. */
  first: 0x40,
  /** Of a trade: backfilled; a book: a repeat; a bar: `quoteVolume` fits a safe integer. */
  second: 0x80,
} as const;

/** Names by number; one that is not here is written out after `UNLISTED`. */
export const CHANNELS: readonly string[] = ["book", "quote", "trade", "bar"] satisfies Channel[];
export const CAUSES: readonly string[] = [
  "sequence",
  "connection",
  "checksum",
  "undecodable",
  "stale",
  "renumbered",
  "overflow",
] satisfies GapCause[];
export const INTERVALS: readonly string[] = [
  "1s",
  "1m",
  "3m",
  "5m",
  "15m",
  "30m",
  "1h",
  "2h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "3d",
  "1w",
  "1M",
] satisfies BarInterval[];
export const UNLISTED = 255;

/** What is remembered of an instrument within a block, so that the next record is a difference: 0 before its first. A quote is the first five. */
export const SLOT = {
  sequence: 0,
  bidTicks: 1,
  bidLots: 2,
  askTicks: 3,
  askLots: 4,
  tradeId: 5,
  tradeTicks: 6,
  bookBidTicks: 7,
  bookAskTicks: 8,
  barStartUs: 9,
  barTicks: 10,
  /** Number of the block that the others are of: they are forgotten with it at no cost. */
  block: 11,
} as const;

/** Slots an instrument takes. */
export const SLOTS = 12;
