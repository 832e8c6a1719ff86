import { drawRuns } from "./monte-carlo.ts";
import type { DrawBatch } from "./monte-carlo-threads.ts";
import type { TrialOutcome } from "./trial.ts";
import type { TrialBatch } from "./trial-batch.ts";

/** The program of a backtest's worker threads: takes a batch of a sweep's trials, or of a Monte Carlo's draws. */
export default async function runBatch(batch: TrialBatch | DrawBatch): Promise<readonly TrialOutcome[] | undefined> {
  if ("sets" in batch) return runTrials(batch);
  drawRuns(batch.profits, batch.seed, batch.from, batch.until, batch.draws);
  return undefined;
}

/** Loads the strategies, and runs the sets on shared data. */
async function runTrials({ strategies, cwd, params, sets, options, keepsCurve }: TrialBatch) {
  // Not before: with all of the runtime, a thread that draws would take some 0.2 s more to start.
  const { loadStrategies } = await import("../plugins/load-strategies.ts");
  const { runTrial } = await import("./trial.ts");
  const plugins = await loadStrategies(strategies, cwd);
  const outcomes: TrialOutcome[] = [];
  for (const set of sets) outcomes.push(await runTrial(plugins, params, set, options, keepsCurve));
  return outcomes;
}
