import type { Clock } from "@pitlane/perf";
import type { Config } from "../config.ts";
import type { PluginEntry } from "../plugins/entry.ts";
import type { MarketData } from "./columns.ts";
import type { QueueModel } from "./queue-model.ts";

/** Rates of the venue, in basis points of what an order receives; whole hundredths of one, -100 to 10,000. */
export interface SimFees {
  /** Below 0 it is paid to us. */
  readonly makerBps: number;
  readonly takerBps: number;
}

/**
 * One way between strategy and venue, in microseconds, 0 to 1e9: the same for every event, or recorded values of which one is drawn by
 * the seed each time.
 */
export type LatencyModel = number | readonly number[];

export interface SimLatencyOptions {
  /**
   * Venue to strategy: market events and news of orders. Left out, events of depth columns come when they were received, and all others
   * at once. Market events never overtake each other.
   */
  readonly feedUs?: LatencyModel;
  /** Strategy to venue: orders and cancels, which never overtake each other. Default 0. */
  readonly orderUs?: LatencyModel;
}

/** How orders are filled, by the kind of data of their instrument. */
export interface FillModelOptions {
  readonly bars?: {
    /** Most of a bar's volume that our orders get together, above 0 to 1. Default 0.1. */
    readonly volumeShare?: number;
    /** What a taker pays beyond the open, in ticks; the bar's range bounds it. Default 0. */
    readonly slippageTicks?: number;
    /** Part of a bar that an order may come late by and still get its open, 0 to 0.5. Default 0.1. */
    readonly lateShare?: number;
  };
  readonly trades?: {
    /** What a taker pays beyond the last trade's price, in whole ticks: half the spread, and slippage. Default 1. */
    readonly halfSpreadTicks?: number;
    /** Lots that stand before a new order at its price. Left out, it is filled by trades through its price alone. */
    readonly aheadLots?: number;
  };
  readonly depth?: {
    /** Where in the queue sizes are cancelled. Default `proportional`. */
    readonly queue?: QueueModel;
  };
}

export interface BacktestOptions {
  /** As a session takes them; ones that would run in a worker run in this thread. */
  readonly plugins: readonly PluginEntry[];
  /** One or several instruments, each once. */
  readonly data: readonly MarketData[];
  readonly fees: SimFees;
  readonly latency?: SimLatencyOptions;
  /** What the account holds at each venue at the start, by asset, in its smallest unit. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** Of the plugins' randomness and of drawn latencies; 0 to 2^32 - 1. Default 1. */
  readonly seed?: number;
  /** Limits, as in the config of a session. */
  readonly risk: Config["risk"];
  readonly fillModel?: FillModelOptions;
  /** Of client order ids, which are the same as a session's with the same key; 1 to 20 of `[a-z0-9]`. Default `sim`. */
  readonly runKey?: string;
  /**
   * What hooks are given: `reused`, one object for each kind of event and instrument, which the next event changes; or `fresh`, one of
   * its own for each, at the cost of the memory, for strategies that keep events. Default `reused`.
   */
  readonly events?: "reused" | "fresh";
  /** Most points of the curve of equity, 16 to 100,000. Default 2,000. */
  readonly curvePoints?: number;
  /** Told of every decision as a session journals it: `intent` with its verdicts, `cancel` and so on. Default: nobody is. */
  readonly onDecision?: (kind: string, body: object, atUs: number) => void;
  /** Lines of the plugins, for people. Default: none. */
  readonly log?: (source: string, message: string) => void;
  /** Measures the run, and ends a setup that hangs; no decision reads it. Default the system's. */
  readonly clock?: Clock;
}
