import type { AllocationTree, HeapSummary, TimeTree } from "@pitlane/perf/monitor";
import type {
  Alert,
  AlertRule,
  BootNode,
  Fault,
  Intent,
  LatencyFigures,
  LogLine,
  MarketView,
  Moment,
  SessionSample,
  SlowOrder,
  Stage,
  TradingStatus,
  UpdateTestResult,
} from "pitlane";

// What the server and the page say to each other. Types alone: the page takes them from here, and nothing of the runtime with them.
// Times are microseconds since the epoch and end in `AtUs`; prices, sizes and profit are decimal text.

/** `GET /api/session`: what stays as it is while the session runs. */
export interface SessionInfo {
  readonly run: {
    readonly id: string;
    readonly mode: "paper" | "recording" | "testnet" | "live";
    readonly startedAtUs: number;
    readonly strategies: readonly string[];
    readonly version: string;
    readonly node: string;
    readonly pid: number;
  };
  /** Pitlane's version. */
  readonly version: string;
  readonly instruments: readonly InstrumentInfo[];
  readonly bootTree: readonly BootNode[];
  /** What is aimed at, to be drawn beside what is measured. */
  readonly targets: readonly Target[];
  readonly alertRules: readonly AlertRule[];
  /** Settings, without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly startedAtUs: number;
  /** The server's clock now: the page shows ages by it, not by the browser's. */
  readonly serverTimeUs: number;
  readonly updateTest: {
    readonly maxP95Us: number;
    readonly updates: number;
    /** False where this version of the runtime has no such test. */
    readonly isThere: boolean;
  };
  /** False where moments of a run cannot be looked at. */
  readonly hasTimeTravel: boolean;
}

export interface InstrumentInfo {
  /** `venue:AAA/BBB`. */
  readonly id: string;
  readonly venue: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Decimal text: smallest step of a price. */
  readonly tickSize: string;
  /** Decimal text: smallest step of a size. */
  readonly lotSize: string;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

/** A latency of a stage that is to stay below a limit. */
export interface Target {
  readonly stage: Stage;
  readonly figure: "mean" | "p50" | "p95" | "p99" | "p999";
  readonly limitUs: number;
  /** What a person reads: "order execution, p99". */
  readonly title: string;
}

/** p50, p95 and p99 since the sample before, microseconds; null when nothing was recorded. */
export type PointLatency = readonly [p50: number, p95: number, p99: number] | null;

/**
 * What a chart keeps of a sample. `toPoint` of `point.ts` makes one from each sample that the stream brings. What is null is not known: a run's
 * file of samples keeps less than the session that takes them.
 */
export interface Point {
  readonly atUs: number;
  readonly latency: Readonly<Partial<Record<Stage, PointLatency>>>;
  readonly eventsPerSecond: number;
  readonly ordersPerSecond: number;
  readonly fillsPerSecond: number;
  /** 0 to 1. */
  readonly errorRatio: number | null;
  readonly openOrders: number | null;
  /** By quote asset, decimal text. */
  readonly profit: Readonly<Record<string, string>>;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly loopPercent: number | null;
  readonly loopDelayP99Us: number | null;
  readonly loopDelayMaxUs: number;
  /** Sum of the collector's pauses since the sample before, and the longest, microseconds. */
  readonly gcTotalUs: number | null;
  readonly gcMaxUs: number;
  readonly journalLagMs: number | null;
  /** Smoothed, the fastest endpoint that is up; null while none is known. */
  readonly roundTripMs: number | null;
  /** Most that any limiter has used, 0 to 1. */
  readonly limiterUsed: number | null;
}

/** Events of `GET /api/stream`, by name, as the JSON of their `data`. */
export interface StreamEvents {
  /** First on each connection: a run other than before means that the runtime was started anew. */
  readonly hello: { readonly runId: string; readonly startedAtUs: number; readonly serverTimeUs: number };
  /** One a second. */
  readonly sample: SessionSample;
  /** Of the instrument asked for; at most 4 a second, and only when something has changed. */
  readonly market: MarketPush;
  readonly alert: Alert;
  readonly log: LogLine;
  /** Heads of the journal's new rows, oldest first; at most 4 a second. */
  readonly journal: JournalPush;
  /** Comes before a sample when this client was too slow: what it did not get since the last one. */
  readonly behind: Behind;
}

export interface MarketPush {
  readonly atUs: number;
  readonly market: MarketView;
  /** The last public trades, newest first; at most 50. */
  readonly trades: readonly TradeInfo[];
}

export interface TradeInfo {
  readonly tradeId: number;
  /** When it reached us. */
  readonly atUs: number;
  readonly price: string;
  readonly size: string;
  /** The side that took. */
  readonly aggressor: "buy" | "sell";
}

export interface JournalPush {
  readonly rows: readonly JournalHead[];
  /** New rows that are not among `rows`: there were more than one push takes. */
  readonly skipped: number;
}

/** Events that a newer one has replaced, or that were left out, by kind. */
export interface Behind {
  readonly sample: number;
  readonly market: number;
  readonly alert: number;
  readonly log: number;
  readonly journal: number;
}

export interface JournalHead {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: string;
  /** Of a row that names an order. */
  readonly clientOrderId: string | null;
  /** What happened, in a few words; at most 200 characters. */
  readonly summary: string;
}

export interface JournalRowInfo extends JournalHead {
  /** The body as indented JSON; of a block of inputs, its records by kind. Cut after 16,384 characters. */
  readonly text: string;
  readonly isCut: boolean;
  /** Records of a block of inputs; null of any other row. */
  readonly records: number | null;
}

/** `GET /api/journal?before=SEQ&limit=100&kind=&text=`. */
export interface JournalPage {
  /** Newest first. */
  readonly rows: readonly JournalRowInfo[];
  /** For the next page's `before`; null at the journal's start. */
  readonly nextBefore: number | null;
  /** Rows that were looked at: a search reads 5,000 at most and goes on from `nextBefore`. */
  readonly looked: number;
  /** Kinds that the filter offers. */
  readonly kinds: readonly string[];
}

/** Where in an order's way something was said. */
export type StoryPhase = "event" | "hook" | "shape" | "risk" | "request" | "report" | "other";

export interface StoryStep {
  readonly phase: StoryPhase;
  readonly seq: number;
  readonly atUs: number;
  /** Since the intent; negative of what it answered. */
  readonly sinceIntentUs: number;
  readonly kind: string;
  /** What happened, for people. */
  readonly text: string;
  /** The row as JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** `GET /api/orders/:clientOrderId/story`. */
export interface OrderStoryInfo {
  readonly clientOrderId: string;
  /** In order. */
  readonly steps: readonly StoryStep[];
  /** As `pitlane journal show --order` prints them. */
  readonly lines: readonly string[];
  /** False when the journal is larger than is searched at once: earlier rows may name the order as well. */
  readonly isWhole: boolean;
}

/** `GET /api/alerts`. */
export interface AlertsInfo {
  readonly active: readonly Alert[];
  readonly resolved: readonly Alert[];
  readonly rules: readonly AlertRule[];
}

/** `GET /api/slowest`. */
export type SlowestInfo = readonly SlowOrder[];

/** `GET /api/histogram?stage=STAGE`: how a stage's durations are spread since the start, in at most 60 buckets that grow evenly in size. */
export interface HistogramInfo {
  readonly stage: Stage;
  readonly count: number;
  /** Shortest first, empty ones between them included; microseconds. */
  readonly buckets: readonly { readonly fromUs: number; readonly toUs: number; readonly count: number }[];
}

/** `GET /api/market?instrument=ID&levels=20`. */
export type MarketInfo = MarketPush;

/** One of `GET /api/orders`. */
export interface OrderInfo {
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly strategy: string;
  readonly instrument: string;
  readonly side: "buy" | "sell";
  readonly type: Intent["type"];
  readonly state: string;
  /** Null of an order that trades at any price. */
  readonly price: string | null;
  /** The last price that activates it; null of an order that has none. */
  readonly trigger: string | null;
  /** How far it follows the price, in basis points; null of an order that does not. */
  readonly trailingBps: number | null;
  readonly size: string;
  readonly filled: string;
  readonly reason: string;
  readonly tag: string | null;
}

/** `GET /api/faults`. */
export type FaultsInfo = readonly Fault[];

/** `GET /api/logs`: the last 500, oldest first. */
export type LogsInfo = readonly LogLine[];

export interface KnobInfo {
  /** `PLUGIN/KNOB`. */
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly step: number | null;
  readonly scale: "linear" | "log";
  readonly value: number;
}

/** `GET /api/knobs`. */
export interface KnobsInfo {
  readonly knobs: readonly KnobInfo[];
  /** Null when no optimizer has written an audit trail into the run's folder. */
  readonly optimizer: OptimizerInfo | null;
}

/** What the audit trails in the run's folder say. */
export interface OptimizerInfo {
  /** Newest first; at most 500. */
  readonly audit: readonly AuditInfo[];
  /** Newest first. */
  readonly trials: readonly TrialInfo[];
}

export interface AuditInfo {
  readonly atUs: number;
  /** `campaign`, `trial`, `pair`, `kept`, `rejected`, `rolled-back`, `end`. */
  readonly event: string;
  readonly text: string;
}

export interface TrialInfo {
  readonly trial: number;
  readonly knob: string;
  readonly from: number;
  readonly to: number;
  readonly startedAtUs: number;
  readonly pairs: number;
  readonly state: "running" | "kept" | "rejected";
  /** A part of the figure before, 0.1 for 10 %; null while it is not known. */
  readonly gain: number | null;
  readonly p: number | null;
  readonly reason: string;
}

/** One of `GET /api/profiles`, newest first. */
export interface ProfileInfo {
  /** The file's name, for `/api/profiles/:name`. */
  readonly name: string;
  readonly kind: "cpu" | "heap" | "allocations";
  readonly bytes: number;
  readonly writtenAtUs: number;
  /** What it can be seen as: a flame graph at `/api/profiles/:name/tree`, or types of objects at `/api/profiles/:name/heap`. */
  readonly view: "tree" | "heap";
}

/** `GET /api/profiles/:name/tree`: `unit` says whether it is of a CPU or of an allocation profile. */
export type ProfileTree = TimeTree | AllocationTree;

/** `GET /api/profiles/:name/heap`. */
export type ProfileHeap = HeapSummary;

/** One of `GET /api/runs`, newest first. */
export interface RunInfo {
  readonly id: string;
  readonly isCurrent: boolean;
  readonly startedAtUs: number;
  /** When its journal's last row was written. */
  readonly lastAtUs: number;
  /** Null while it runs, and of one whose process was killed. */
  readonly endedBy: string | null;
  /** Of its folder. */
  readonly bytes: number;
  readonly hasSamples: boolean;
  /** What is wrong with its journal, for people; null when nothing is. */
  readonly problem: string | null;
}

/** `GET /api/runs/:id/samples`: as `/api/recent`, at most 3,600 points, evenly thinned. */
export type RunPoints = readonly Point[];

/** `GET /api/runs/:id/moment?atUs=`: a run as it stood at a moment, from its journal. */
export type MomentInfo = Moment;

/**
 * Bodies of `POST /api/actions/:name`, as JSON; each has `confirm: true` beside these: a person was asked.
 * `reason` is 1 to 200 characters, `durationMs` 100 to 60,000.
 */
export interface ActionBodies {
  readonly halt: { readonly reason: string };
  readonly resume: { readonly reason: string };
  readonly reduceOnly: { readonly reason: string };
  readonly flatten: { readonly reason: string };
  readonly pause: { readonly plugin: string };
  readonly resumePlugin: { readonly plugin: string };
  readonly profile: { readonly kind: "cpu" | "heap" | "allocations"; readonly durationMs: number };
  readonly acknowledge: { readonly id: string };
  readonly updateTest: Readonly<Record<string, never>>;
}

export type ActionName = keyof ActionBodies;

/** What an action comes to, beside `ok: true`. */
export interface ActionResults {
  readonly halt: { readonly trading: TradingStatus };
  readonly resume: { readonly trading: TradingStatus };
  readonly reduceOnly: { readonly trading: TradingStatus };
  /** `isFlat` is false when positions are left: the log says why. */
  readonly flatten: { readonly isFlat: boolean };
  readonly pause: Readonly<Record<string, never>>;
  readonly resumePlugin: Readonly<Record<string, never>>;
  /** For `/api/profiles/:name`. */
  readonly profile: { readonly name: string };
  readonly acknowledge: Readonly<Record<string, never>>;
  readonly updateTest: { readonly result: UpdateTestResult };
}

/** Any answer that is not what was asked for; its status is 4xx or 5xx. */
export interface Failure {
  readonly ok: false;
  /** For people. */
  readonly error: string;
}

export type ActionAnswer<Name extends ActionName> = ({ readonly ok: true } & ActionResults[Name]) | Failure;

// So that the page has one place to take its types from.
export type {
  Alert,
  AlertRule,
  BootNode,
  Fault,
  LatencyFigures,
  LogLine,
  MarketView,
  Moment,
  SessionSample,
  SlowOrder,
  Stage,
  TradingStatus,
  UpdateTestResult,
};
