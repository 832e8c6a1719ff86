import type { LatencyFigures, LatencySpans } from "@pitlane/perf/metrics";
import type { ProcessSample } from "@pitlane/perf/monitor";
import type { LaneCounters } from "../bus/counters.ts";
import type { LaneName } from "../bus/events.ts";
import type { TradingStatus } from "../engines/trading-state.ts";
import type { Stage } from "../latency.ts";
import type { Standing } from "../plugins/quarantine.ts";

export type { LatencyFigures, LatencySpans };

/** How often something happens, events per second. */
export interface Rate {
  /** Since the session's start. */
  readonly count: number;
  /** Since the sample before. */
  readonly nowPerSecond: number;
  /** Since the session's start. */
  readonly averagePerSecond: number;
  /** Most of any sample. */
  readonly peakPerSecond: number;
}

/** What orders came to. Counts are since the session's start. */
export interface OrderFlow {
  readonly intents: number;
  readonly denied: number;
  readonly submitted: number;
  readonly accepted: number;
  readonly filled: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly rejected: number;
  /** Orders whose outcome is not known now. */
  readonly unknown: number;
  readonly open: number;
  /** Wait for their turn to be sent. */
  readonly queued: number;
  /** Requests for new orders under way. */
  readonly inFlight: number;
  /** Share of ended orders that were filled, 0 to 1; 0 before the first ended. */
  readonly fillRatio: number;
  /** Share of the requests of the last 60 s that were rejected, failed or have no known outcome, 0 to 1; 0 when there was none. */
  readonly errorRatio: number;
}

/** One plugin's doings. */
export interface PluginFigures {
  readonly name: string;
  readonly standing: Standing;
  /** An operator has paused it. */
  readonly isPaused: boolean;
  /** Its hooks. */
  readonly hooks: LatencySpans;
  /** Milliseconds of each second that its hooks took, since the sample before. */
  readonly msPerSecond: number;
  /** What it may take: as `Budgets`. */
  readonly budgetMsPerSecond: number;
  readonly budgetHookMs: number;
  readonly faults: number;
  readonly orders: number;
  readonly openOrders: number;
}

/** One endpoint of a venue's service, as its client judges it. */
export interface EndpointFigures {
  readonly venue: string;
  /** `rest`, `stream`, `wsApi`. */
  readonly service: string;
  readonly region: string;
  readonly url: string;
  readonly isPresent: boolean;
  readonly isDown: boolean;
  /** Round trip, smoothed, milliseconds; null while it is not known. */
  readonly roundTripMs: number | null;
  /** Smoothed, 0 to 1. */
  readonly errorRatio: number;
}

/** One request budget of a venue. */
export interface LimitFigures {
  readonly venue: string;
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  readonly windowMs: number;
  /** Calls that wait for it now. */
  readonly waiting: number;
}

/** One socket that is meant to stay open. */
export interface ConnectionFigures {
  readonly venue: string;
  /** Such as `market stream 1`, `user stream`, `order socket`. */
  readonly name: string;
  readonly state: "connecting" | "open" | "waiting" | "closed";
  readonly region: string;
  readonly url: string;
  /** Times it was opened anew. */
  readonly reconnects: number;
  /** Since when it is in this state, microseconds since the epoch. */
  readonly sinceUs: number;
}

export interface NetworkFigures {
  readonly endpoints: readonly EndpointFigures[];
  readonly limits: readonly LimitFigures[];
  readonly connections: readonly ConnectionFigures[];
  /** Connections that were lost or refused, and calls whose connection failed, in the last 60 s. */
  readonly failuresPerMinute: number;
  /** How far the venue's clock is ahead of ours, milliseconds, the largest of all venues; null while it was not measured. */
  readonly clockOffsetMs: number | null;
}

/** A cache of a plugin. */
export interface CacheFigures {
  /** `PLUGIN/CACHE`. */
  readonly name: string;
  readonly tier: string;
  readonly hits: number;
  readonly misses: number;
  /** Entries held; null where the tier does not tell. */
  readonly entries: number | null;
}

/** A pool of a plugin. */
export interface PoolFigures {
  readonly name: string;
  readonly free: number;
  readonly inUse: number;
  readonly created: number;
}

export interface JournalFigures {
  /** Rows. */
  readonly events: number;
  readonly bytes: number;
  /** Rows that the database does not have yet. Those of orders are safe on disk before. */
  readonly queued: number;
  /** Longest that one has waited for the database since the last sample, milliseconds, those that wait among them; 0 when none has. */
  readonly lagMs: number;
}

/** The market of one instrument. */
export interface InstrumentFigures {
  readonly id: string;
  readonly isSynced: boolean;
  readonly gaps: number;
  readonly resyncs: number;
  /** Since the last event of any kind, milliseconds; null before the first. */
  readonly quietMs: number | null;
}

/** Profit in one quote asset. Decimal text. */
export interface ProfitFigures {
  readonly asset: string;
  readonly profit: string;
  readonly realized: string;
  readonly fees: string;
  /** Fall of the profit below its highest value. */
  readonly drawdown: string;
  /** That as a share of the limit `risk.maxDrawdown`, 0 to 1 and above; null where there is no limit. */
  readonly drawdownUsed: number | null;
}

/**
 * The whole session at one moment: what the dashboard shows, what alerts look at and what is exported. Plain data that survives
 * `JSON.stringify`; taken once a second.
 */
export interface SessionSample {
  /** Counts from 1. */
  readonly seq: number;
  /** Microseconds since the epoch. */
  readonly atUs: number;
  /** Time since the sample before, milliseconds. */
  readonly periodMs: number;
  readonly uptimeMs: number;
  readonly latency: Readonly<Record<Stage, LatencySpans>>;
  /** From the strategy's wish to the venue's answer in one session; mean, p50 and the rest are those of `latency.execution`. */
  readonly events: Rate;
  readonly orders: Rate;
  readonly fills: Rate;
  readonly flow: OrderFlow;
  readonly profit: readonly ProfitFigures[];
  readonly trading: TradingStatus;
  /** `depth` is the most that waited at once since the last sample: what waits at one moment is rarely what a burst was. */
  readonly lanes: Readonly<Record<LaneName, Readonly<LaneCounters>>>;
  readonly journal: JournalFigures;
  readonly process: ProcessSample;
  readonly plugins: readonly PluginFigures[];
  readonly instruments: readonly InstrumentFigures[];
  readonly network: NetworkFigures;
  readonly caches: readonly CacheFigures[];
  readonly pools: readonly PoolFigures[];
  readonly faults: number;
}

/** A stage of one order's way. */
export const ORDER_STAGES = ["decide", "check", "queue", "send", "venue"] as const;

/**
 * Stages of one order, which follow each other: `decide` from the frame's receipt until the strategy wants it, `check` through risk and journal,
 * `queue` until its turn, `send` until its bytes are handed to the socket, `venue` until the answer.
 */
export type OrderStage = (typeof ORDER_STAGES)[number];

/** Something that held the process or the wire up for a while. */
export interface Disturbance {
  readonly kind: "gc" | "loopStall" | "limiterWait" | "reconnect";
  /** Such as `major`, `weight`, `user stream`. */
  readonly what: string;
  readonly startNs: number;
  readonly endNs: number;
}

/** One of the slowest orders of the last minutes. */
export interface SlowOrder {
  readonly clientOrderId: string;
  readonly instrument: string;
  readonly strategy: string;
  /** When the venue's answer came, microseconds since the epoch. */
  readonly atUs: number;
  /** From its trigger to the answer, microseconds. */
  readonly totalUs: number;
  /** Microseconds; null where it has no such stage, as `decide` of an order that no frame caused. */
  readonly stages: Readonly<Record<OrderStage, number | null>>;
  /** The longest one. */
  readonly slowest: OrderStage;
  /** What overlapped it, and for how long, microseconds. */
  readonly overlaps: readonly { readonly kind: Disturbance["kind"]; readonly what: string; readonly us: number }[];
}

/** An order whose call to the venue has ended, whether slow or not. */
export type AnsweredOrder = Omit<SlowOrder, "slowest" | "overlaps">;
