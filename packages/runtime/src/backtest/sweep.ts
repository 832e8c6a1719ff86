import { InvalidInputError } from "@pitlane/perf";
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
  /** Those that did not. */
  readonly failed: readonly TrialOutcome[];
  /** Undefined when returns did not vary, or fewer than two trials had a Sharpe ratio. */
  readonly deflation: Deflation | undefined;
}

/**
 * Tries every combination of parameters and sorts what came of them.
 *
 * The best of many trials looks better than it is: `deflation` says by how much luck alone would have it so.
 *
 * @throws {InvalidInputError} When no combination ran, with the first one's reason; when there are too many.
 */
export async function runSweep(
  batch: Omit<TrialBatch, "sets">,
  objective: Objective,
  run: RunTrials,
  signal?: AbortSignal,
): Promise<Sweep> {
  return sweepOf(await run({ ...batch, sets: gridOf(batch.params) }, signal), objective);
}

/** Sorts outcomes, best first. Pure. @throws {InvalidInputError} When none of them ran. */
export function sweepOf(outcomes: readonly TrialOutcome[], objective: Objective): Sweep {
  const ran = outcomes.flatMap(({ performance, ...rest }) =>
    performance === undefined ? [] : [{ ...rest, performance }],
  );
  const failed = outcomes.filter(({ performance }) => performance === undefined);
  if (ran.length === 0)
    throw new InvalidInputError(
      `none of ${outcomes.length} combinations of parameters ran; the first says: ${failed[0]?.error ?? "nothing"}`,
    );
  const trials = ran.toSorted((a, b) => scoreOf(b.performance, objective) - scoreOf(a.performance, objective) || 0);
  const best = trials[0]?.moments;
  const ratios = ran.flatMap(({ moments }) => (moments === undefined ? [] : [moments.sharpe]));
  return { objective, trials, failed, deflation: best === undefined ? undefined : deflatedSharpe(best, ratios) };
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
