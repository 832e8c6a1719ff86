import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import type { Instrument, OrderBook } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import type { DecisionLog, OrderWire } from "../engines/execution-options.ts";
import type { PerformanceSettings } from "../engines/performance-monitor.ts";
import type { TradingStatus } from "../engines/trading-state.ts";
import type { StageLatencies } from "../latency.ts";
import type { LogLevel } from "../plugins/define.ts";
import type { PluginControl, PluginEntry } from "../plugins/entry.ts";
import type { Budgets } from "../plugins/quarantine.ts";

/** Where timers of plugins are kept: what fires comes back as an input. */
export interface CoreTimers {
  /** @param dueAtUs Wall time, microseconds since the epoch. A second call for the same plugin and id replaces the first. */
  set(owner: number, id: number, dueAtUs: number): void;
  clear(owner: number, id: number): void;
}

export interface CoreOptions {
  /** For client order ids. */
  readonly runKey: string;
  readonly config: Pick<Config, "risk" | "bus"> & Partial<Pick<Config, "execution" | "router" | "caches">>;
  readonly instruments: readonly Instrument[];
  readonly plugins: readonly PluginEntry[];
  /** Of the plugins' randomness; 0 to 2^32 - 1. */
  readonly seed: number;
  /** For plugins that state none. */
  readonly budgets?: Partial<Budgets>;
  /** When the plugins are set up, microseconds since the epoch. */
  readonly startedAtUs: number;
  readonly journal: DecisionLog;
  readonly wire: OrderWire;
  /** The live book of an instrument; undefined while it is not in sync. */
  readonly book: (instrument: Instrument) => OrderBook | undefined;
  /** Times stages; no decision reads it. */
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  /** Asks for a call of `drain` after input and output had their turn. */
  readonly defer: () => void;
  readonly timers: CoreTimers;
  /** Something that no input explains is to be done to a plugin: it must come back as an input, by `onControl`. */
  readonly control: (control: PluginControl, triggerNs?: number) => void;
  /** Wall time decides nothing here: it comes by `onControl`. Default false. */
  readonly isReplay?: boolean;
  /** False where the time that hooks take is of no interest: no budget of time is kept then. Default true. */
  readonly isMetered?: boolean;
  /** Told how long each hot hook and timer took, by owner; see `PluginHostOptions`. Default: nobody. */
  readonly hookTimes?: readonly LatencyHistogram[];
  /** How equity is looked at. Default as in a session. */
  readonly performance?: PerformanceSettings;
  /** Called before anything is decided by prices, for a host that tells them by `take` when they are needed. */
  readonly onPricesNeeded?: () => void;
  /** A line for people; `info` unless told. */
  readonly log: (source: string, message: string, level?: LogLevel) => void;
  readonly onFault: (source: string, message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
  /** How trading stands has changed, by an operator's word or by a breach. */
  readonly onTradingState?: (status: TradingStatus) => void;
}
