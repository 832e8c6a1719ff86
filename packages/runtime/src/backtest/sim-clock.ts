import type { Clock } from "@pitlane/perf";

/** Simulated time for all that reads a clock. What waits for a plugin's setup or close waits on the real one. */
export class SimClock implements Clock {
  readonly #startUs: number;
  readonly #nowUs: () => number;
  readonly #real: Pick<Clock, "sleep">;

  /** @param startUs Where monotonic time begins, microseconds since the epoch. @param nowUs The simulated time. */
  constructor(startUs: number, nowUs: () => number, real: Pick<Clock, "sleep">) {
    this.#startUs = startUs;
    this.#nowUs = nowUs;
    this.#real = real;
  }

  nowUs(): number {
    return this.#nowUs();
  }

  monotonicNs(): number {
    return (this.#nowUs() - this.#startUs) * 1000;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#real.sleep(ms, signal);
  }
}
