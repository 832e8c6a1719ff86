import type { Clock } from "@pitlane/perf";
import { createWorkerPool } from "@pitlane/perf/pool";
import { type Draws, drawRuns, emptyDraws, type MonteCarlo, toMonteCarlo } from "./monte-carlo.ts";
import { runAll } from "./run-all.ts";

/** Draws that one thread makes. All of its arrays lie in shared memory, so that neither trades nor results are copied. */
export interface DrawBatch {
  readonly profits: Float64Array;
  readonly seed: number;
  /** Number of the first draw, and of the one after the last. */
  readonly from: number;
  readonly until: number;
  readonly draws: Draws;
}

export interface MonteCarloThreadsOptions {
  /** Threads, 1 to 256. */
  readonly workers: number;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  /** Told how many draws are done. */
  readonly onDone?: (draws: number) => void;
  /** The built program of the threads; beside this one unless told. */
  readonly file?: URL;
}

const BATCHES_A_THREAD = 4; // so that no thread waits for long at the end
// Drawn in some 0.2 s, about what a thread takes to start: no more are drawn in this one, nor in a batch, after which progress is told.
const FEW_TRADES = 20_000_000;

/**
 * As `monteCarlo`, with its draws spread over threads: the answer is the same for any number of them.
 *
 * @throws {InvalidInputError} As `monteCarlo`, and when `workers` is out of range.
 * @throws {WorkerCrashedError} When a thread ends.
 */
export async function monteCarloOnThreads(
  profits: readonly number[],
  runs: number,
  seed: number,
  options: MonteCarloThreadsOptions,
  signal?: AbortSignal,
): Promise<MonteCarlo | undefined> {
  const draws = emptyDraws(runs);
  const shared = new Float64Array(new SharedArrayBuffer(8 * profits.length));
  shared.set(profits);
  if (runs * profits.length <= FEW_TRADES) drawRuns(shared, seed, 0, runs, draws);
  else await spread({ profits: shared, seed, from: 0, until: runs, draws }, options, signal);
  return toMonteCarlo(profits, seed, draws);
}

async function spread(
  whole: DrawBatch,
  { workers, clock, onDone, file = new URL("./backtest-worker.js", import.meta.url) }: MonteCarloThreadsOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = Math.ceil(Math.min(whole.until / (workers * BATCHES_A_THREAD), FEW_TRADES / whole.profits.length));
  const batches = Array.from({ length: Math.ceil(whole.until / size) }, (_, i) => ({
    ...whole,
    from: i * size,
    until: Math.min((i + 1) * size, whole.until),
  }));
  const pool = await createWorkerPool<DrawBatch, void>({ file, workers, clock });
  try {
    let done = 0;
    const onResult = (_: unknown, { from, until }: DrawBatch) => {
      done += until - from;
      onDone?.(done);
    };
    await runAll(pool, batches, onResult, signal);
  } finally {
    await pool.close();
  }
}
