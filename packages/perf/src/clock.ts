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

const LOOK_EVERY_NS = 1e9;

class SystemClock implements Clock {
  // process.hrtime() for both readings: V8 removes its pair of numbers where the call is inlined, which leaves nothing allocated;
  // performance.now() is slower and allocates 16 bytes a call, process.hrtime.bigint() a BigInt.
  #originUs = Math.round((performance.timeOrigin + performance.now()) * 1000 - this.monotonicNs() / 1000);
  #nextLookNs = this.monotonicNs() + LOOK_EVERY_NS;

  nowUs(): number {
    const nowNs = this.monotonicNs();
    if (nowNs >= this.#nextLookNs) this.#followHost(nowNs);
    return this.#originUs + Math.round(nowNs / 1000);
  }

  monotonicNs(): number {
    const [seconds, ns] = process.hrtime(); // since the host's boot: from 104 days of it on, the sum is in steps of 2 ns
    return seconds * 1e9 + ns;
  }

  /** A host's clock that was set, or slept with the host, is seen here: the monotonic one tells nothing of it. */
  #followHost(beforeNs: number): void {
    const hostUs = Date.now() * 1000 + 500; // the middle of its millisecond
    const afterNs = this.monotonicNs();
    if (afterNs - beforeNs > 1e6) return; // the process was held up in between: looks again at the next reading
    this.#nextLookNs = afterNs + LOOK_EVERY_NS;
    const aheadUs = Math.round(hostUs - (this.#originUs + beforeNs / 1000));
    if (Math.abs(aheadUs) > 2000) this.#originUs += aheadUs;
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
 * The host's clock. A reading of `monotonicNs` takes some 35 ns and allocates nothing.
 *
 * Wall time moves on with the monotonic clock, in microseconds, and is compared with the host's once a second: when that was set, or the
 * host has slept, and they differ by more than 2 ms, it steps to the host's.
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
