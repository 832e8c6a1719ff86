import type { Clock } from "../clock.ts";
import { integerInRange } from "../errors.ts";
import { LatencyHistogram, type LatencySummary } from "./latency-histogram.ts";

export interface WindowedPercentilesOptions {
  /** How far back samples count, in whole milliseconds; 1 to 86,400,000 (a day). */
  readonly windowMs: number;
  /** Parts the window moves on by, 1 to 60; 10 when left out. Each takes 272 KB. */
  readonly slices?: number;
  /** Read on every call, unless `record` is told the time. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Latency percentiles of the last seconds: what an alert or a dashboard should see, where a histogram since the start
 * hardly moves any more.
 *
 * One histogram for each slice of the window; the oldest is emptied and used again when its time is over:
 *
 *     | slice 3 | slice 4 | slice 5 | slice 2, being filled |      windowMs = 4 slices
 *
 * So nothing older than `windowMs` counts, and everything younger than `windowMs` less one slice does. Reading adds the slices
 * up (some 0.1 ms), also when nothing is recorded any more.
 *
 * @example
 * const latency = new WindowedPercentiles({ windowMs: 10_000, clock });
 * latency.record(clock.monotonicNs() - startedNs);
 * if (latency.summary().p99 > 50_000) warn("p99 of the last 10 s is above 50 ms");
 */
export class WindowedPercentiles {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #sliceNs: number;
  readonly #slices: readonly LatencyHistogram[];
  readonly #merged = new LatencyHistogram();
  #sliceNumber: number; // of the slice being filled, counted from the clock's start
  #sliceEndNs: number;
  #filling: LatencyHistogram;

  /** @throws {InvalidInputError} When `windowMs` or `slices` is not a whole number in its range. */
  constructor({ windowMs, slices = 10, clock }: WindowedPercentilesOptions) {
    integerInRange("windowMs", windowMs, 1, 86_400_000);
    integerInRange("slices", slices, 1, 60);
    this.#clock = clock;
    this.#sliceNs = (windowMs * 1e6) / slices;
    this.#slices = Array.from({ length: slices }, () => new LatencyHistogram());
    this.#sliceNumber = Math.floor(clock.monotonicNs() / this.#sliceNs);
    this.#sliceEndNs = (this.#sliceNumber + 1) * this.#sliceNs;
    this.#filling = this.#sliceAt(this.#sliceNumber);
  }

  /**
   * Records one duration, in nanoseconds, that ended at `nowNs` of the clock's `monotonicNs`; saying so saves reading the clock,
   * which costs more than all the rest. A `nowNs` before the slice being filled counts in that.
   *
   * @throws {InvalidInputError} When `elapsedNs` is NaN.
   */
  record(elapsedNs: number, nowNs = this.#clock.monotonicNs()): void {
    if (nowNs >= this.#sliceEndNs) this.#moveTo(nowNs);
    this.#filling.record(elapsedNs);
  }

  /** All that counts now as one histogram. It is the window's own: the next call of any method may change it. */
  histogram(): LatencyHistogram {
    const nowNs = this.#clock.monotonicNs();
    if (nowNs >= this.#sliceEndNs) this.#moveTo(nowNs);
    this.#merged.reset();
    for (const slice of this.#slices) this.#merged.merge(slice);
    return this.#merged;
  }

  /** As `LatencyHistogram.summary`, of all that counts now. */
  summary(): LatencySummary {
    return this.histogram().summary();
  }

  #moveTo(nowNs: number): void {
    const number = Math.floor(nowNs / this.#sliceNs);
    const first = Math.max(this.#sliceNumber + 1, number - this.#slices.length + 1);
    for (let over = first; over <= number; over++) this.#sliceAt(over).reset();
    this.#sliceNumber = number;
    this.#sliceEndNs = (number + 1) * this.#sliceNs;
    this.#filling = this.#sliceAt(number);
  }

  #sliceAt(number: number): LatencyHistogram {
    return this.#slices[number % this.#slices.length] as LatencyHistogram;
  }
}
