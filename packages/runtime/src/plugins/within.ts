import { type Clock, PitlaneError } from "@pitlane/perf";

/** A step of a plugin's life took too long. What it began may still be going on. */
class StepTimeoutError extends PitlaneError {
  readonly code = "PLUGIN_TIMEOUT";
  readonly retryable = false;
}

/** What `work` gives. @throws {StepTimeoutError} When that takes more than `timeoutMs`. @throws What `work` fails with. */
export async function within<T>(
  clock: Pick<Clock, "sleep">,
  timeoutMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const late = clock.sleep(timeoutMs, stop.signal).then(
    () => {
      throw new StepTimeoutError(`${what} took more than ${timeoutMs} ms`);
    },
    () => work, // the work is done: its result is the answer
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined); // the race has told of it
  }
}
