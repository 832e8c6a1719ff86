import type { Clock } from "@pitlane/perf";

/** Calls `run` every `ms` milliseconds, the next time only once it has resolved, until `signal` aborts. What it throws goes to `onError`. */
export async function every(
  ms: number,
  run: () => void | Promise<void>,
  onError: (error: Error) => void,
  clock: Pick<Clock, "sleep">,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(ms, signal);
      await run();
    } catch (error) {
      if (signal.aborted) return;
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
