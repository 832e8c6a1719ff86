import { loadStrategies } from "../plugins/load-strategies.ts";
import { runTrial, type TrialOutcome } from "./trial.ts";
import type { TrialBatch } from "./trial-batch.ts";

/** The program of a sweep's worker threads: loads the strategies, and runs the sets of one batch on shared data. */
export default async function runBatch(batch: TrialBatch): Promise<readonly TrialOutcome[]> {
  const { strategies, cwd, params, sets, options, keepsCurve } = batch;
  const plugins = await loadStrategies(strategies, cwd);
  const outcomes: TrialOutcome[] = [];
  for (const set of sets) outcomes.push(await runTrial(plugins, params, set, options, keepsCurve));
  return outcomes;
}
