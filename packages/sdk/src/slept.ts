import type { Clock } from "@pitlane/perf";

/** Sleeps `ms`; false, in place of an error, when that was aborted. */
export async function slept(clock: Pick<Clock, "sleep">, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
