/** Time as everything of Pitlane sees it: passed in, so that a test or a backtest can move it. */
export interface Clock {
  /** Wall time: integer microseconds since the Unix epoch. May step when the host's clock is set. */
  nowUs(): number;
  /** Nanoseconds since an arbitrary start; never goes back. For durations only. */
  monotonicNs(): number;
  /**
   * Resolves after `ms` milliseconds; of `Infinity`, only the signal wakes.
   * @throws The signal's reason when `signal` aborts first; the timer is then gone.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

class SystemClock implements Clock {
  // performance.now() counts from timeOrigin in fractions of a millisecond: one source for both readings,
  // finer than Date.now() and, unlike process.hrtime.bigint(), without an allocation.
  readonly #originUs = Math.round(performance.timeOrigin * 1000);

  nowUs(): number {
    return this.#originUs + Math.round(performance.now() * 1000);
  }

  monotonicNs(): number {
    return performance.now() * 1e6;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const arm = (leftMs: number): NodeJS.Timeout =>
        setTimeout(
          () => {
            if (leftMs > LONGEST_TIMER_MS) {
              timer = arm(leftMs - LONGEST_TIMER_MS);
              return;
            }
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
          Math.min(leftMs, LONGEST_TIMER_MS),
        );
      let timer = arm(ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1; // a longer timer of Node fires at once

/**
 * The host's clock.
 *
 * @example
 * const clock = createSystemClock();
 * const startedNs = clock.monotonicNs();
 * await clock.sleep(10);
 * console.log((clock.monotonicNs() - startedNs) / 1e6, "ms");
 */
export function createSystemClock(): Clock {
  return new SystemClock();
}
