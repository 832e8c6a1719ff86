import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram, MetricsSnapshot } from "@pitlane/perf/metrics";
import type { Knob } from "@pitlane/perf/tune";
import type { Instrument, TradeEvent } from "@pitlane/sdk";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AlertDesk } from "../alerts/desk.ts";
import type { Config } from "../config.ts";
import type { TradingState, TradingStatus } from "../engines/trading-state.ts";
import type { Stage } from "../latency.ts";
import type { OrderView } from "../orders/order.ts";
import type { BootNode } from "../plugins/boot-tree.ts";
import type { Fault, RunMode } from "../report.ts";
import type { AnsweredOrder, SessionSample, SlowOrder } from "./sample.ts";

/** The session's samples, one a second. */
export interface SampleFeed {
  /** Undefined before the first second is over. */
  readonly latest: SessionSample | undefined;
  /** The last ones, oldest first: 60 at most, a minute. Who shows more keeps of each what it shows: they are large. */
  readonly recent: readonly SessionSample[];
  /** Calls `listener` with each sample; returns what ends that. What a listener throws is a fault, and the others are told. */
  onSample(listener: (sample: SessionSample) => void): () => void;
  /** Worst of the last five minutes, slowest first; at most 50. */
  slowest(): readonly SlowOrder[];
  /**
   * Calls `listener` with each order whose call to the venue has ended, in the middle of what it is answered by: it must be quick. Returns what
   * ends that. Costs nothing while nobody listens; what a listener throws is a fault, and it is told no more.
   */
  onOrder?(listener: (order: AnsweredOrder) => void): () => void;
  /** A stage since the start, for what wants more than figures. The session's own: read only. */
  histogram(stage: Stage): LatencyHistogram;
  /** All of the latest sample, and what plugins measure, as metrics: `pitlane_...` and `plugin_...`. */
  metrics(): MetricsSnapshot;
}

/** Prices and sizes are decimal text. */
export interface MarketView {
  readonly instrument: string;
  /** False while its book has a hole: levels are then empty. */
  readonly isSynced: boolean;
  /** Best first: price, size. */
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
  readonly quote: {
    readonly bid: string;
    readonly bidSize: string;
    readonly ask: string;
    readonly askSize: string;
  } | null;
  readonly positionSize: string;
  /** Average price of the position; null while it is flat. */
  readonly entryPrice: string | null;
}

/** What an operator may do. Each is journaled as an `operator` row, and what follows from it as the session's own rows. */
export interface OperatorActions {
  /** Sets how trading stands; see `Runtime.setTradingState`. */
  setTradingState(state: TradingState, reason: string, by: string): void;
  /** See `Runtime.flatten`. */
  flatten(reason: string, by: string): Promise<boolean>;
  /** The plugin hears nothing more and may place no order until it is resumed; its open orders are cancelled. @throws {InvalidInputError} */
  pause(plugin: string, by: string): void;
  resume(plugin: string, by: string): void;
  /** Writes a profile into the run's folder and resolves with its path. */
  profile(kind: "cpu" | "heap" | "allocations", durationMs: number, by: string, signal?: AbortSignal): Promise<string>;
  /** Keeps a word of an operator's in the journal. */
  note(action: string, detail: Readonly<Record<string, unknown>>, by: string): void;
}

/** A session as an observer sees it: all of it can be read, and what changes it goes by `actions`. */
export interface ObservedSession {
  readonly run: {
    readonly id: string;
    readonly mode: RunMode;
    readonly startedAtUs: number;
    readonly strategies: readonly string[];
    /** Pitlane's version. */
    readonly version: string;
    readonly node: string;
    readonly pid: number;
  };
  /** Of the run: its journal and all else it writes is in it. */
  readonly folder: string;
  readonly journalPath: string;
  /** Without secrets. */
  readonly config: Config;
  readonly instruments: readonly Instrument[];
  readonly bootTree: readonly BootNode[];
  readonly clock: Clock;
  readonly samples: SampleFeed;
  readonly alerts: AlertDesk;
  readonly trading: TradingStatus;
  readonly actions: OperatorActions;
  /** Undefined when there is no such instrument. @param levels Of each side of the book. */
  market(instrumentId: string, levels: number): MarketView | undefined;
  /** Calls `listener` with public trades of the instrument, ours among them; returns what ends that. At no cost while nobody listens. */
  onTrade(instrumentId: string, listener: (trade: TradeEvent) => void): () => void;
  /** Live, as strategies see them: copy what must last. */
  openOrders(): readonly OrderView[];
  faults(): readonly Fault[];
  /** Knobs of the runtime and of its plugins, each named `PLUGIN/KNOB`. */
  knobs(): readonly Knob[];
  /** Lines said since the start, the last 500. Secrets are taken out. */
  logLines(): readonly LogLine[];
  onLog(listener: (line: LogLine) => void): () => void;
  /** A line for people. */
  log(source: string, message: string): void;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

export interface LogLine {
  readonly atUs: number;
  readonly source: string;
  readonly message: string;
}

/** An observer that runs. */
export interface OpenObserver {
  /** For people, when the session starts: where it is to be found. */
  readonly lines?: readonly string[];
  /** Ends it; resolves when nothing of it runs any more. */
  close(): Promise<void>;
}

/** Something beside the session that watches it: a dashboard, an exporter. It never decides, so that a replay does without it. */
export interface Observer<Settings = unknown> {
  readonly kind: "observer";
  readonly name: string;
  readonly version: string;
  readonly config?: StandardSchemaV1<unknown, Settings>;
  /** Looks, before anything is started, whether it could run: is its port free? @throws {InvalidInputError} When it could not. */
  check?(settings: Settings): Promise<void>;
  /** @throws {InvalidInputError} When it cannot run as its settings ask. */
  open(session: ObservedSession, settings: Settings): Promise<OpenObserver>;
}

/**
 * Makes an observer, for the default export of a module that the setting `observers` names.
 *
 * @example
 * export default defineObserver({
 *   name: "beeper",
 *   version: "1.0.0",
 *   async open(session) {
 *     const stop = session.alerts.onChange(() => process.stdout.write("\u0007"));
 *     return { close: async () => stop() };
 *   },
 * });
 */
export function defineObserver<Settings = unknown>(definition: Omit<Observer<Settings>, "kind">): Observer<Settings> {
  return { kind: "observer", ...definition };
}
