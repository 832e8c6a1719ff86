import type { MessagePort } from "node:worker_threads";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import { type RecordOf, recordLayout, type SharedSpscRing } from "@pitlane/perf/ring";
import type { BarEvent, BookEvent, Fill, GapEvent, Instrument, QuoteEvent, ResyncEvent } from "@pitlane/sdk";
import type { RouterSettings } from "../engines/route-desk.ts";
import type { Intent, OrderState } from "../orders/order.ts";
import type { IntentRecord } from "../orders/records.ts";
import type { Signal, SignalSettings } from "../orders/signal.ts";
import type { LogLevel } from "./define.ts";
import type { PluginSnapshot } from "./snapshot.ts";

/*
 * Records to a worker. Numbers travel in the ring; what has text in it is a note: an object on the message port, sent before its record is
 * pushed, so that the ring keeps the order of both.
 */
const EVENT_FIELDS = {
  kind: "u8",
  flags: "u8",
  /** Index of the instrument. */
  instrument: "u16",
  receivedAtUs: "f64",
  receivedNs: "f64",
  venueAtUs: "f64",
  /** Sequence, or the id of a trade. */
  sequence: "f64",
  /** Bid and ask with their sizes; price and size of a trade; a level of each side that a book changes, NaN for none. */
  bidTicks: "f64",
  bidLots: "f64",
  askTicks: "f64",
  askLots: "f64",
  positionLots: "f64",
} as const;
export const EVENT_LAYOUT = recordLayout(EVENT_FIELDS);
export type EventRing = SharedSpscRing<typeof EVENT_FIELDS>;
export type EventRecord = Readonly<RecordOf<typeof EVENT_FIELDS>>;

export const QUOTE = 1;
export const TRADE = 2;
export const BOOK = 3;
export const NOTE = 4;
/** Levels of the `BOOK` that follows: nobody may look at a book half changed. */
export const LEVELS = 5;

export const SELL = 1;
export const BACKFILLED = 2;
/** The plugin is to know it, and not to be called: it was shed. */
export const QUIET = 4;

/** Records from a worker. */
const MESSAGE_FIELDS = {
  kind: "u8",
  side: "u8",
  type: "u8",
  /** Index in `TIMES_IN_FORCE`. */
  timeInForce: "u8",
  instrument: "u16",
  /** The worker's own number of the order. */
  ref: "f64",
  /** When the market event that it answers was received; NaN when it answers none. */
  triggerNs: "f64",
  /** In ticks; NaN for none. */
  priceTicks: "f64",
  sizeLots: "f64",
  /** NaN for none, as the next five. */
  triggerTicks: "f64",
  trailingBps: "f64",
  priority: "f64",
  confidence: "f64",
  maxLatencyMs: "f64",
  maxSlippageBps: "f64",
  /** 1 for true. */
  reduceOnly: "u8",
  /** 1 when a `WishNote` was sent before it. */
  hasNote: "u8",
} as const;
export const MESSAGE_LAYOUT = recordLayout(MESSAGE_FIELDS);
export type MessageRing = SharedSpscRing<typeof MESSAGE_FIELDS>;
export type MessageRecord = Readonly<RecordOf<typeof MESSAGE_FIELDS>>;

export const SUBMIT = 1;
export const CANCEL = 2;
export const SIGNAL = 3;
export const AMEND = 4;
export const ROUTE = 5;

/** What of a wish is no number. */
export interface WishNote {
  readonly tag?: string | undefined;
  readonly expectedProfit?: bigint | undefined;
  /** Of `ROUTE`: the decision as the journal keeps it. */
  readonly route?: object;
}

export const SIDES = ["buy", "sell"] as const;
/** The first stands for none. */
export const TIMES_IN_FORCE = [undefined, "GTC", "IOC", "FOK"] as const;

/** Records the ring of wishes holds. */
export const WISHES_CAPACITY = 8_192;
/** Records the ring of events holds: the levels of books are among them. */
export const EVENTS_CAPACITY = 65_536;

/** Which order is meant. */
export interface OrderRef {
  /** The worker's number; one below 0 was given by the session, to an order that the worker has not wanted. */
  readonly ref: number;
  /** Of an order with a number below 0. */
  readonly clientOrderId?: string;
}

/** A worker's wish as the session's input: plain data, as it is journaled. */
export type WorkerMessage =
  | {
      readonly type: "submit";
      readonly ref: number;
      /** Its id. */
      readonly instrument: string;
      readonly intent: Omit<IntentRecord, "instrument">;
    }
  | {
      readonly type: "signal";
      readonly ref: number;
      readonly instrument: string;
      readonly signal: Omit<Signal, "instrument" | "expectedProfit"> & Pick<IntentRecord, "expectedProfit">;
    }
  | ({ readonly type: "cancel" } & OrderRef)
  | ({ readonly type: "amend"; readonly sizeLots: number } & OrderRef)
  /** Where the worker's router has sent an order, for the journal: its pieces follow as `submit`. */
  | { readonly type: "route"; readonly decision: object };

/** An order as a worker hears of it. */
export interface OrderNews {
  readonly ref: number;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly state: OrderState;
  readonly filledLots: number;
  readonly reason: string;
  /** What plugins that shape have made of it, and the size that it has now; left out where the order was never made. */
  readonly terms?: Pick<Intent, "type" | "sizeLots" | "priceTicks" | "timeInForce"> & { readonly nowLots: number };
}

/** An order that the worker has not wanted itself: of its earlier thread, or by which the session closes its position. */
export interface OrderBirth extends OrderNews {
  readonly intent: Omit<Intent, "instrument">;
}

/** An asset and what the account holds of it. */
export type Holding = readonly [asset: string, units: bigint];

/** What an order at a venue may spend of an asset; undefined where the account sets no bound. */
export type Fund = readonly [venue: string, asset: string, units: bigint | undefined];

/** A change of a book that is too large for the ring, or all of it. */
export interface BookNote extends Omit<BookEvent, "instrument" | "book"> {
  /** True when the levels are all there are. */
  readonly isWhole: boolean;
  /** Price in ticks and size in lots, in turns. */
  readonly bids: Float64Array;
  readonly asks: Float64Array;
}

/** What does not fit into a record. */
export type WorkerNote =
  | {
      readonly type: "market";
      readonly event: Omit<GapEvent, "instrument"> | Omit<ResyncEvent, "instrument"> | Omit<BarEvent, "instrument">;
    }
  | { readonly type: "book"; readonly event: BookNote }
  | {
      readonly type: "order";
      readonly news: OrderNews | OrderBirth;
      /** Undefined when the order changed without one. */
      readonly fill: Omit<Fill, "instrument"> | undefined;
      readonly holdings: readonly Holding[];
      readonly funds: readonly Fund[];
    }
  /** What the account holds has changed by the doing of others. */
  | { readonly type: "holdings"; readonly holdings: readonly Holding[]; readonly funds: readonly Fund[] };

/** What a worker is started with. */
export interface WorkerStart {
  readonly name: string;
  /** Name of the definition: one file may export several. */
  readonly plugin: string;
  readonly source: { readonly from: string; readonly cwd: string };
  readonly config: unknown;
  readonly seed: number;
  readonly caches: boolean;
  readonly instruments: readonly Instrument[];
  readonly events: SharedArrayBuffer;
  readonly messages: SharedArrayBuffer;
  /** One word that changes while the worker is well. */
  readonly beat: SharedArrayBuffer;
  /** See `Standings`. */
  readonly standings: SharedArrayBuffer;
  readonly notes: MessagePort;
  readonly mayUseNetwork: boolean;
  readonly mayUseTimers: boolean;
  readonly mayAmend: boolean;
  /** Undefined where plugins have none. */
  readonly signals: SignalSettings | undefined;
  readonly router: RouterSettings | undefined;
  readonly nowUs: number;
  /** By index of the instrument, in lots. */
  readonly positions: readonly number[];
  /** By index of the instrument; undefined before the first. */
  readonly quotes: readonly (Omit<QuoteEvent, "instrument"> | undefined)[];
  readonly holdings: readonly Holding[];
  readonly funds: readonly Fund[];
  /** See `RouteOptions`. */
  readonly reserveFeeBps: number;
  /** Orders that are open, and those with a tag that are still known. */
  readonly orders: readonly (OrderBirth & { readonly instrument: number })[];
  readonly nextRef: number;
  readonly snapshot: PluginSnapshot | undefined;
}

/** What the session says to a worker beside events. */
export type ToWorker = { readonly type: "snapshot" } | { readonly type: "close" };

/** Kinds of events that cross to a worker. */
export const WORKER_KINDS = ["quote", "book", "trade", "bar", "gap", "resync", "order", "fill"] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

/** Market events of which a worker is told where it listens alone; of all others always, as `ctx.quote` and `ctx.book` live by them. */
export type WorkerFeedKind = "trade" | "bar";

/** What a worker wants to be told. */
export interface WorkerHook {
  readonly kind: WorkerFeedKind;
  /** Index of the instrument, or `EVERY_INSTRUMENT`. */
  readonly instrument: number;
}

/** What a worker says beside its wishes. */
export type FromWorker =
  | { readonly type: "ready"; readonly hooks: readonly WorkerHook[] }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "log"; readonly message: string; readonly level: LogLevel }
  | { readonly type: "snapshot"; readonly snapshot: PluginSnapshot }
  /** How long its hooks and timers took since it last said so; measured, so no input of the run. */
  | { readonly type: "hookTimes"; readonly counts: LatencyCounts }
  | { readonly type: "faulty"; readonly reason: string }
  | { readonly type: "closed" };

/** Instrument index that stands for all of them. */
export const EVERY_INSTRUMENT = -1;
