import { mapConcurrent } from "@pitlane/perf/flow";
import type { WorkerPool } from "@pitlane/perf/pool";

/**
 * Runs tasks on the threads of a pool and gives their results in the same order. One that fails ends the others: a part of the answer is
 * none.
 *
 * @param onResult Told of each as it comes.
 * @throws What the first one that failed threw; the signal's reason when it aborts.
 */
export async function runAll<Task, Result>(
  pool: WorkerPool<Task, Result>,
  tasks: readonly Task[],
  onResult: (result: Result, task: Task) => void,
  signal?: AbortSignal,
): Promise<readonly Result[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const settled = await mapConcurrent(
    tasks,
    pool.workers,
    async (task) => {
      try {
        const result = await pool.run(task, {}, either);
        onResult(result, task);
        return result;
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    },
    either,
  );
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])); // all are: a failure has thrown
}
