import type { MessagePort } from "node:worker_threads";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import { type RecordOf, recordLayout, type SharedSpscRing } from "@pitlane/perf/ring";
import type { BarEvent, Fill, GapEvent, Instrument, ResyncEvent } from "@pitlane/sdk";
import type { BarEvery } from "../engines/bar-every.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import type { Intent, OrderState } from "../orders/order.ts";
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
  /** Bid and ask with their sizes; price and size of a trade. */
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

export const SELL = 1;
export const BACKFILLED = 2;

/** Records from a worker. */
const MESSAGE_FIELDS = {
  kind: "u8",
  side: "u8",
  type: "u8",
  timeInForce: "u8",
  instrument: "u16",
  /** The worker's own number of the order. */
  ref: "f64",
  /** In ticks; NaN for none. */
  priceTicks: "f64",
  sizeLots: "f64",
  /** NaN for none, as the next two. */
  priority: "f64",
  confidence: "f64",
  maxLatencyMs: "f64",
  /** 1 for true. */
  reduceOnly: "u8",
} as const;
export const MESSAGE_LAYOUT = recordLayout(MESSAGE_FIELDS);
export type MessageRing = SharedSpscRing<typeof MESSAGE_FIELDS>;
export type MessageRecord = Readonly<RecordOf<typeof MESSAGE_FIELDS>>;

export const SUBMIT = 1;
export const CANCEL = 2;

export const SIDES = ["buy", "sell"] as const;
export const TYPES = ["limit", "postOnly", "market"] as const satisfies readonly Intent["type"][];
/** The first stands for none. */
export const TIMES_IN_FORCE = [undefined, "GTC", "IOC", "FOK"] as const;

/** Records each ring holds. */
export const RING_CAPACITY = 8192;

/** A worker's wish as the session's input: plain data. */
export type WorkerMessage =
  | ({ readonly type: "submit"; readonly ref: number; readonly instrument: string } & {
      readonly intent: Omit<Intent, "instrument">;
    })
  | { readonly type: "cancel"; readonly ref: number };

/** An order as a worker hears of it. */
export interface OrderNews {
  readonly ref: number;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly state: OrderState;
  readonly filledLots: number;
  readonly reason: string;
  /** What plugins that shape have made of it; left out where the order was never made. */
  readonly terms?: Pick<Intent, "type" | "sizeLots" | "priceTicks" | "timeInForce">;
}

/** An asset and what the account holds of it. */
export type Holding = readonly [asset: string, units: bigint];

/** What has text in it. */
export type WorkerNote =
  | {
      readonly type: "market";
      readonly event:
        | Omit<GapEvent, "instrument">
        | Omit<ResyncEvent, "instrument">
        | Omit<BarEvent, "instrument">
        | Omit<BuiltBarEvent, "instrument">;
    }
  | {
      readonly type: "order";
      readonly news: OrderNews;
      /** Undefined when the order changed without one. */
      readonly fill: Omit<Fill, "instrument"> | undefined;
      readonly holdings: readonly Holding[];
    };

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
  readonly notes: MessagePort;
  readonly mayUseNetwork: boolean;
  readonly mayUseTimers: boolean;
  readonly nowUs: number;
  /** By index of the instrument, in lots. */
  readonly positions: readonly number[];
  readonly holdings: readonly Holding[];
  /** Orders of an earlier worker that are still open. */
  readonly orders: readonly (OrderNews & {
    readonly instrument: number;
    readonly intent: Omit<Intent, "instrument">;
  })[];
  readonly nextRef: number;
  readonly snapshot: PluginSnapshot | undefined;
}

/** What the session says to a worker beside events. */
export type ToWorker = { readonly type: "snapshot" } | { readonly type: "close" };

/** Kinds of events that cross to a worker. */
export const WORKER_KINDS = ["quote", "book", "trade", "bar", "gap", "resync", "order", "fill"] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

/** What a worker wants to hear. */
export interface WorkerHook {
  readonly kind: WorkerKind;
  /** Index of the instrument, or `EVERY_INSTRUMENT`. */
  readonly instrument: number;
  /** Of bars: those made of trades that it wants. */
  readonly every?: BarEvery | undefined;
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
