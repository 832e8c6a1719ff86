import type { Clock } from "../clock.ts";

/**
 * The time since it was made, monotonic, read anew at most once per `resolutionMs`.
 *
 * Reading a clock costs as much as the cache look-up it is for (35 ns each, measured), so readings are kept until a timer
 * drops them. A reading is late by at most `resolutionMs` plus the time for which the event loop could run no timer. The
 * timer is armed only by a reading: an idle clock has none. With `resolutionMs` 0, nothing is kept.
 */
export class CoarseClock {
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #resolutionMs: number;
  readonly #startNs: number;
  readonly #onReading: () => void;
  #readingMs = 0; // whole: a double would be boxed at each write
  #isKept = false;

  /** @param onReading Called at each reading that is kept. */
  constructor(clock: Pick<Clock, "monotonicNs" | "sleep">, resolutionMs: number, onReading: () => void = () => {}) {
    this.#clock = clock;
    this.#onReading = onReading;
    this.#resolutionMs = resolutionMs;
    this.#startNs = clock.monotonicNs();
  }

  /** Whole milliseconds, rounded down, as of the reading that is kept. */
  nowMs(): number {
    return this.#isKept ? this.#readingMs : this.#read();
  }

  /** Milliseconds with their fraction, from the clock itself. */
  exactMs(): number {
    return (this.#clock.monotonicNs() - this.#startNs) / 1e6;
  }

  #read(): number {
    const nowMs = Math.floor(this.exactMs());
    if (this.#resolutionMs === 0) return nowMs;
    this.#readingMs = nowMs;
    this.#isKept = true;
    this.#onReading();
    void this.#clock.sleep(this.#resolutionMs).then(() => {
      this.#isKept = false;
    });
    return nowMs;
  }
}
