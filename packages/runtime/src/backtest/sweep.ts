import { isDeepStrictEqual } from "node:util";
import { InvalidInputError, PitlaneError } from "@pitlane/perf";
import type { PerformanceReport } from "../engines/performance.ts";
import { type Deflation, deflatedSharpe } from "./overfitting.ts";
import { gridOf, type ParamSet } from "./sweep-grid.ts";
import type { TrialOutcome } from "./trial.ts";
import type { RunTrials, TrialBatch } from "./trial-batch.ts";

/** What a sweep looks for. */
export const OBJECTIVES = ["sharpe", "sortino", "profit", "drawdown", "profit-factor"] as const;
export type Objective = (typeof OBJECTIVES)[number];

/** Trials, best first, and what the best one is worth. */
export interface Sweep {
  readonly objective: Objective;
  /** Those that ran, best first; of equal ones that which comes first in the grid. */
  readonly trials: readonly (TrialOutcome & { readonly performance: PerformanceReport })[];
  /** Those that did not, or whose strategy was taken out on the way: each says why. */
  readonly failed: readonly TrialOutcome[];
  /** Two or more ran, and all of them came to the same: nothing that the parameters change made a difference. */
  readonly isAllTheSame: boolean;
  /** Undefined when returns did not vary, or fewer than two trials had a Sharpe ratio. */
  readonly deflation: Deflation | undefined;
}

/**
 * Tries every combination of parameters and sorts what came of them.
 *
 * The best of many trials looks better than it is: `deflation` says by how much luck alone would have it so.
 *
 * @throws {InvalidInputError} When no combination ran, with the first one's reason; when there are too many.
 * @throws {SweepFailedError} When none ran to its end.
 */
export async function runSweep(
  batch: Omit<TrialBatch, "sets">,
  objective: Objective,
  run: RunTrials,
  signal?: AbortSignal,
): Promise<Sweep> {
  return sweepOf(await run({ ...batch, sets: gridOf(batch.params) }, signal), objective);
}

/** Every combination ended early, some of them by a fault of a strategy. */
export class SweepFailedError extends PitlaneError {
  readonly code = "SWEEP_FAILED";
  readonly retryable = false;
}

/**
 * Sorts outcomes, best first. Pure.
 *
 * @throws {InvalidInputError} When none of them ran.
 * @throws {SweepFailedError} When none of them ran to its end.
 */
export function sweepOf(outcomes: readonly TrialOutcome[], objective: Objective): Sweep {
  const ran = outcomes.flatMap(({ performance, ...rest }) =>
    performance === undefined || rest.error !== undefined ? [] : [{ ...rest, performance }],
  );
  const failed = outcomes.filter(({ performance, error }) => performance === undefined || error !== undefined);
  if (ran.length === 0) {
    const message = `none of ${outcomes.length} combinations of parameters ran to its end; the first says: ${failed[0]?.error ?? "nothing"}`;
    // With a result of its own a strategy was taken out on the way: its settings are not what is wrong.
    throw failed.some(({ performance }) => performance !== undefined)
      ? new SweepFailedError(message)
      : new InvalidInputError(message);
  }
  const trials = ran.toSorted((a, b) => scoreOf(b.performance, objective) - scoreOf(a.performance, objective) || 0);
  const best = trials[0]?.moments;
  const ratios = ran.flatMap(({ moments }) => (moments === undefined ? [] : [moments.sharpe]));
  const deflation = best === undefined ? undefined : deflatedSharpe(best, ratios);
  return { objective, trials, failed, isAllTheSame: isAllTheSame(ran), deflation };
}

function isAllTheSame(ran: readonly TrialOutcome[]): boolean {
  const results = ran.map(({ performance, orders, fills }) => ({ performance, orders, fills }));
  return results.length > 1 && results.every((one) => isDeepStrictEqual(one, results[0]));
}

/** The larger the better; -1e300 for what has no such figure, so that differences of scores stay numbers. */
export function scoreOf(performance: PerformanceReport, objective: Objective): number {
  const score = figureOf(performance, objective);
  return score === null || !Number.isFinite(score) ? -1e300 : score;
}

function figureOf(
  { sharpe, sortino, profit, maxDrawdown, profitFactor }: PerformanceReport,
  objective: Objective,
): number | null {
  switch (objective) {
    case "sharpe":
      return sharpe;
    case "sortino":
      return sortino;
    case "profit":
      return Number(profit);
    case "drawdown":
      return -Number(maxDrawdown);
    case "profit-factor":
      return profitFactor;
  }
}

/** The set of the best trial. */
export function bestOf({ trials }: Sweep): ParamSet {
  return trials[0]?.set ?? {};
}
