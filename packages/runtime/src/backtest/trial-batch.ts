import type { Clock } from "@pitlane/perf";
import { createWorkerPool, type WorkerPool } from "@pitlane/perf/pool";
import type { Config } from "../config.ts";
import { runAll } from "./run-all.ts";
import type { Param, ParamSet } from "./sweep-grid.ts";
import type { TrialOptions, TrialOutcome } from "./trial.ts";

/** Trials that one thread runs after each other: strategies are loaded once for all of them, columns lie in shared memory. */
export interface TrialBatch {
  readonly strategies: Config["strategies"];
  /** Folder that strategies are looked up from. */
  readonly cwd: string;
  readonly params: readonly Param[];
  readonly sets: readonly ParamSet[];
  readonly options: TrialOptions;
  readonly keepsCurve: boolean;
}

/** Runs sets of parameters and gives their outcomes in the same order. */
export type RunTrials = (batch: TrialBatch, signal?: AbortSignal) => Promise<readonly TrialOutcome[]>;

const BATCHES_A_THREAD = 4; // so that a thread with slow sets does not hold up the others for long

/** Threads that run trials. Closed by whoever opened them. */
export class TrialThreads {
  readonly #pool: WorkerPool<TrialBatch, readonly TrialOutcome[]>;
  readonly #workers: number;

  private constructor(pool: WorkerPool<TrialBatch, readonly TrialOutcome[]>, workers: number) {
    this.#pool = pool;
    this.#workers = workers;
  }

  /**
   * @param workers Threads, 1 to 256.
   * @param file The built program of the threads; beside this one unless told.
   * @throws {InvalidInputError} When `workers` is out of range.
   */
  static async open(
    workers: number,
    clock: Pick<Clock, "monotonicNs" | "sleep">,
    file = new URL("./backtest-worker.js", import.meta.url),
  ): Promise<TrialThreads> {
    return new TrialThreads(await createWorkerPool({ file, workers, clock }), workers);
  }

  /**
   * Spreads a batch over the threads.
   *
   * @param onDone Told how many trials are done.
   * @throws {WorkerCrashedError} When a thread ends, for want of memory say.
   */
  async run(
    batch: TrialBatch,
    onDone: (trials: number) => void,
    signal?: AbortSignal,
  ): Promise<readonly TrialOutcome[]> {
    const { sets } = batch;
    const size = Math.max(1, Math.ceil(sets.length / (this.#workers * BATCHES_A_THREAD)));
    const batches = Array.from({ length: Math.ceil(sets.length / size) }, (_, i) => ({
      ...batch,
      sets: sets.slice(i * size, (i + 1) * size),
    }));
    let done = 0;
    const onResult = (outcomes: readonly TrialOutcome[]) => {
      done += outcomes.length;
      onDone(done);
    };
    return (await runAll(this.#pool, batches, onResult, signal)).flat();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
