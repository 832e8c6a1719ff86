import type { LatencySummary } from "@pitlane/perf/metrics";
import type { Side } from "@pitlane/sdk";
import type { Breach } from "../engines/loss-limits.ts";
import type { OrderCounters } from "../engines/order-tally.ts";
import type { PerformanceReport } from "../engines/performance.ts";
import type { EquityCurve } from "../engines/performance-curve.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { Rejection } from "../engines/rejections.ts";
import type { TradingState } from "../engines/trading-state.ts";

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

/** A limit on losses that was passed: from then on trading was halted, or could only reduce positions. */
export interface SimHalt {
  /** Simulated time, microseconds since the epoch. */
  readonly atUs: number;
  readonly code: Breach["code"];
  /** How trading stood from then on. */
  readonly state: TradingState;
  /** Quote asset whose profit the limit is on. */
  readonly asset: string;
  /** The drawdown of the profit, or the day's loss, in the smallest unit of `asset`. */
  readonly lossUnits: bigint;
  /** A sentence; names the limit. */
  readonly reason: string;
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
  /** Why the simulated venue rejected orders, most often first. */
  readonly rejections: readonly Rejection[];
  /** Oldest first. */
  readonly fills: readonly SimFill[];
  /** Asset that `curve` and `performance` are counted in: the one most instruments are priced in. */
  readonly asset: string;
  /** Equity over time, from the first event on: every balance that has a price in `asset`, at the last prices. */
  readonly curve: EquityCurve;
  readonly performance: PerformanceReport;
  /** By name of the strategy. */
  readonly strategies: Readonly<Record<string, PerformanceReport>>;
  readonly portfolio: Portfolio;
  /** By quote asset: what open positions are worth at the last prices, less their cost, at average cost; before fees. */
  readonly unrealized: ReadonlyMap<string, bigint>;
  /** As `unrealized`, where what closed a position closed the oldest first. */
  readonly unrealizedFifo: ReadonlyMap<string, bigint>;
  /** By quote asset: as `LedgerView.profit`, at the last prices. */
  readonly profit: ReadonlyMap<string, bigint>;
  /** Oldest first. Nothing lets a backtest trade again, so there is one at most as yet. */
  readonly halts: readonly SimHalt[];
  readonly latency: SimLatencies;
  /** What plugins did wrong, and what else a session would report as a fault; 1,000 at most. */
  readonly faults: readonly string[];
  /** Strategies that were taken out for their faults, with the reason, by name: what they did afterwards is nothing, and no result. */
  readonly quarantined: Readonly<Record<string, string>>;
  /** What strategies listen to and these data never tell, a sentence for each. */
  readonly unheard: readonly string[];
}
