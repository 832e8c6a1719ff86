import { InvalidInputError, integerInRange } from "../errors.ts";
import type { LatencySummary } from "./latency-histogram.ts";
import { nearestRank } from "./nearest-rank.ts";

/** What a `LatencyWindow` holds, in microseconds. All zero when nothing was recorded. */
export interface LatencyWindowSummary extends LatencySummary {
  readonly min: number;
  readonly p95: number;
  /** Standard deviation of the samples held (divided by their number, not by one less). */
  readonly jitter: number;
}

/**
 * The last 10,000 latencies as they were, and exact figures about them.
 *
 * A circular array: when it is full each sample replaces the oldest. `record` allocates nothing; `summary` copies and sorts
 * the samples (about half a millisecond for 10,000), so it is for once a second, not for every event. Percentiles are
 * by nearest rank, so each is a sample that was recorded. A sample may be negative, as latencies across two hosts' clocks are.
 *
 * @example
 * const window = new LatencyWindow();
 * window.record(clock.monotonicNs() - startedNs);
 * const { p99, jitter } = window.summary();
 */
export class LatencyWindow {
  readonly #samples: Float64Array;
  readonly #sorted: Float64Array; // scratch of `summary`
  #next = 0;
  #size = 0;

  /**
   * @param capacity Samples held, 1 to 1,000,000; 10,000 when left out. Each takes 16 bytes.
   * @throws {InvalidInputError} When `capacity` is not a whole number in that range.
   */
  constructor(capacity = 10_000) {
    integerInRange("capacity", capacity, 1, 1_000_000);
    this.#samples = new Float64Array(capacity);
    this.#sorted = new Float64Array(capacity);
  }

  /** Records one duration, in nanoseconds. @throws {InvalidInputError} When it is not a finite number. */
  record(elapsedNs: number): void {
    if (!Number.isFinite(elapsedNs)) throw new InvalidInputError(`elapsedNs must be finite, got ${elapsedNs}`);
    const samples = this.#samples;
    samples[this.#next] = elapsedNs;
    this.#next = this.#next + 1 === samples.length ? 0 : this.#next + 1;
    if (this.#size < samples.length) this.#size++;
  }

  /** Samples held now, at most `capacity`. */
  get size(): number {
    return this.#size;
  }

  get capacity(): number {
    return this.#samples.length;
  }

  /** Exact figures of the samples held. */
  summary(): LatencyWindowSummary {
    const count = this.#size;
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(this.#samples.subarray(0, count)); // until it is full, samples lie from 0 on
    sorted.sort();
    const meanNs = meanOf(sorted);
    const at = (percentile: number) => (sorted[nearestRank(percentile, count) - 1] ?? 0) / 1000;
    return {
      count,
      mean: meanNs / 1000,
      min: (sorted[0] ?? 0) / 1000,
      p50: at(50),
      p90: at(90),
      p95: at(95),
      p99: at(99),
      p999: at(99.9),
      max: (sorted[count - 1] ?? 0) / 1000,
      jitter: deviationOf(sorted, meanNs) / 1000,
      unit: "us",
    };
  }

  /** Forgets every sample. */
  reset(): void {
    this.#next = 0;
    this.#size = 0;
  }
}

// The second pass takes back what rounding cost the first one. Source: T. Chan, G. Golub, R. LeVeque,
// "Algorithms for Computing the Sample Variance", 1983 (corrected two-pass algorithm).
function meanOf(values: Float64Array): number {
  if (values.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  const rough = sum / values.length;
  let rest = 0;
  for (let i = 0; i < values.length; i++) rest += (values[i] as number) - rough;
  return rough + rest / values.length;
}

// Squares of distances from the mean: the difference of two large sums of squares would lose every digit of a small spread.
function deviationOf(values: Float64Array, mean: number): number {
  if (values.length === 0) return 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
