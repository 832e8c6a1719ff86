import type { PerformanceReport } from "../engines/performance.ts";
import { returnsOf } from "../engines/performance.ts";
import type { EquityCurve } from "../engines/performance-curve.ts";
import { nameOf, type PluginEntry } from "../plugins/entry.ts";
import type { BacktestOptions } from "./options.ts";
import { momentsOf, type ReturnMoments } from "./overfitting.ts";
import type { BacktestResult } from "./result.ts";
import { runBacktest } from "./run-backtest.ts";
import { type Param, type ParamSet, withParams } from "./sweep-grid.ts";

/** Points of a curve of equity: times in microseconds since the epoch, values in the asset's smallest unit. */
export interface CurvePoints {
  readonly atUs: readonly number[];
  readonly equity: readonly number[];
}

/** What one set of parameters came to. Plain data: it crosses threads. */
export interface TrialOutcome {
  readonly set: ParamSet;
  /** Why it counts for nothing: it did not run, and all that follows is undefined; or a strategy was taken out on the way. */
  readonly error?: string;
  readonly performance?: PerformanceReport;
  readonly orders?: BacktestResult["orders"];
  readonly fills?: number;
  readonly faults?: readonly string[];
  /** Of its returns; undefined when they do not vary. */
  readonly moments?: ReturnMoments | undefined;
  /** Only where it was asked for. */
  readonly curve?: CurvePoints;
}

/** How trials run. */
export type TrialOptions = Omit<BacktestOptions, "plugins" | "log" | "clock">;

/**
 * Runs one set of parameters. A strategy that does not start with it is an outcome with an error, not an error of the sweep.
 *
 * @param plugins Loaded once; their configs are changed by the set.
 */
export async function runTrial(
  plugins: readonly PluginEntry[],
  params: readonly Param[],
  set: ParamSet,
  options: TrialOptions,
  keepsCurve: boolean,
): Promise<TrialOutcome> {
  const entries = plugins.map((entry) => ({ ...entry, config: withParams(entry.config, nameOf(entry), params, set) }));
  try {
    const { performance, orders, fills, faults, curve, quarantined } = await runBacktest({
      ...options,
      plugins: entries,
    });
    const [takenOut] = Object.entries(quarantined);
    return {
      set,
      ...(takenOut === undefined ? {} : { error: `strategy ${takenOut[0]} was quarantined: ${takenOut[1]}` }),
      performance,
      orders: { ...orders },
      fills: fills.length,
      faults,
      moments: momentsOf(returnsOf(curve, options.balances.size > 0).returns),
      ...(keepsCurve ? { curve: pointsOf(curve) } : {}),
    };
  } catch (error) {
    return { set, error: error instanceof Error ? error.message : String(error) };
  }
}

export function pointsOf(curve: EquityCurve): CurvePoints {
  const indexes = Array.from({ length: curve.length }, (_, i) => i);
  return { atUs: indexes.map((i) => curve.atUs(i)), equity: indexes.map((i) => curve.at(i)) };
}
