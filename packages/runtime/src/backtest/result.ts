import type { LatencySummary } from "@pitlane/perf/metrics";
import type { Side } from "@pitlane/sdk";
import type { OrderCounters } from "../engines/execution.ts";
import type { PerformanceReport } from "../engines/performance.ts";
import type { EquityCurve } from "../engines/performance-curve.ts";
import type { Portfolio } from "../engines/portfolio.ts";

/** How true to life a backtest is, by what its data holds. One with data of several kinds is named after the coarsest. */
export type Tier = "bars" | "trades" | "depth";

/** One simulated execution. */
export interface SimFill {
  readonly clientOrderId: string;
  /** Name of the strategy. */
  readonly strategy: string;
  /** Id of the instrument. */
  readonly instrument: string;
  readonly side: Side;
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** In the smallest unit of `feeAsset`. */
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly isMaker: boolean;
  /** When it traded at the simulated venue, microseconds since the epoch. */
  readonly atUs: number;
  /** When the strategy wanted the order. */
  readonly wantedAtUs: number;
}

/** Simulated latencies, in microseconds. */
export interface SimLatencies {
  /** A market event at the venue until the strategy has it. */
  readonly feed: LatencySummary;
  /** A request leaves the strategy until the venue has it. */
  readonly request: LatencySummary;
  /** An order is wanted until the strategy hears of a fill of it. */
  readonly fill: LatencySummary;
}

/** What a backtest gives. */
export interface BacktestResult {
  readonly tier: Tier;
  /** What the tiers used leave out of the real world, a sentence each. */
  readonly ignores: readonly string[];
  /** Time of the first event, microseconds since the epoch. */
  readonly fromUs: number;
  /** Time of the last one. */
  readonly toUs: number;
  /** Rows of the data: bars, trades, changes of levels. */
  readonly events: number;
  /** Wall time of the run itself, setup of plugins apart. */
  readonly elapsedNs: number;
  readonly orders: Readonly<OrderCounters>;
  /** Oldest first. */
  readonly fills: readonly SimFill[];
  /** Asset that `curve` and `performance` are counted in: the one most instruments are priced in. */
  readonly asset: string;
  /** Equity over time: every balance that has a price in `asset`, at the last prices. */
  readonly curve: EquityCurve;
  readonly performance: PerformanceReport;
  /** By name of the strategy. */
  readonly strategies: Readonly<Record<string, PerformanceReport>>;
  readonly portfolio: Portfolio;
  readonly latency: SimLatencies;
  /** What plugins did wrong, and what else a session would report as a fault; 1,000 at most. */
  readonly faults: readonly string[];
}
