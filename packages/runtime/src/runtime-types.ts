import type { Clock } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { Config } from "./config.ts";
import type { TradingState, TradingStatus } from "./engines/trading-state.ts";
import type { Journal } from "./journal/journal.ts";
import type { ObservedSession } from "./observe/observer.ts";
import type { BootNode } from "./plugins/boot-tree.ts";
import type { PluginEntry } from "./plugins/host.ts";
import type { EndReason, Report, RunMode } from "./report.ts";
import type { RunId } from "./run-id.ts";
import type { MarketVenue, TradingVenue } from "./venue.ts";

export interface RuntimeOptions {
  readonly run: RunId;
  readonly mode: RunMode;
  readonly config: Config;
  readonly plugins: readonly PluginEntry[];
  /** A client of the SDK. */
  readonly client: MarketVenue;
  /** The same client where the venue takes orders; undefined where it gives market data only: every intent is then denied. */
  readonly trading: TradingVenue | undefined;
  /** The venue's own stream names; the client's default when left out. */
  readonly streams?: readonly string[];
  readonly journalPath: string;
  /** Goes on with the run of that journal, whose process has ended in whatever way. Default false: a new run. */
  readonly isResumed?: boolean;
  /**
   * The journal of that run, where the caller has opened it already by `Journal.resume`: before it starts whatever `client` needs, say. The
   * session closes it, whatever comes of it. Opened at `journalPath` before anything else when left out.
   */
  readonly resumed?: Journal;
  /** Exchanges plugins as their files are saved, with their state. For development: such a run is replayed up to there only. Default false. */
  readonly isWatched?: boolean;
  /** Takes a sample of the session each second, for observers and alerts. Default true; without it both have nothing to look at. */
  readonly isSampled?: boolean;
  /** As the client has it. */
  readonly recvWindowMs: number;
  readonly clock: Clock;
  /** Takes secrets out of what a fault says, before it is kept or shown. Default: as it is. */
  readonly redact?: (text: string) => string;
  /** Where alerts are told, with the secrets of `config.alerts.sinks` in place. Default: that. */
  readonly alertSinks?: Config["alerts"]["sinks"];
  /** A line for people. */
  readonly log: (source: string, message: string) => void;
}

/** A running session's figures, for a status line. */
export interface Status {
  readonly events: number;
  /** When the first market event was received, monotonic nanoseconds; NaN before. */
  readonly firstEventNs: number;
  readonly orders: number;
  readonly openOrders: number;
  readonly fills: number;
  /** By quote asset, decimal text. */
  readonly profit: Readonly<Record<string, string>>;
  /** Microseconds; 0 before the first order. */
  readonly tickToOrderP50Us: number;
  readonly tickToOrderP99Us: number;
  readonly faults: number;
}

/**
 * One session: strategies on a venue, from the first subscription to the report.
 *
 * @example
 * const runtime = await openRuntime(options);
 * await clock.sleep(20_000);
 * const report = await runtime.close("duration");
 */
export interface Runtime {
  readonly instruments: readonly Instrument[];
  /** Plugins in the order they were started, with the time each took. */
  readonly bootTree: readonly BootNode[];
  /** The session for those who watch it: its samples, alerts and market, and what an operator may do. */
  readonly observed: ObservedSession;
  status(): Status;
  /**
   * Resolves when the books of `instruments` are in sync, or false when some still are not after `timeoutMs`. A recording may be over
   * before the answers to the snapshot requests it caused are read.
   */
  whenSynced(instruments: readonly Instrument[], timeoutMs: number): Promise<boolean>;
  /**
   * Resolves with the reason when the session is to be closed: the journal failed, or, as a `RiskHaltError`, trading was halted and
   * `risk.afterHalt` is `exit`.
   */
  readonly halted: Promise<Error>;
  /** How trading stands, and why. */
  readonly tradingState: TradingStatus;
  /**
   * Sets how trading stands, at once. `halted` denies every new order and cancels all that are open; `reduceOnly` lets pass what can
   * only shrink a position, and cancels what could grow one; `active` trades on, and grants limits on losses anew. A session that is
   * being closed is left alone.
   *
   * @param reason For people. @param by Who says so; default `api`.
   */
  setTradingState(state: TradingState, reason: string, by?: string): void;
  /**
   * Halts trading, and closes what the session holds at the market once nothing is open any more. Resolves when that is done or given
   * up (three tries, `closeTimeoutMs`); true when nothing is held that the venue's steps let us close.
   *
   * @param reason For people. @param by Who says so; default `api`.
   */
  flatten(reason: string, by?: string): Promise<boolean>;
  /** Stops strategies, cancels what is open, waits for the venue's word, closes everything and returns the report. Idempotent. */
  close(reason: EndReason): Promise<Report>;
}
