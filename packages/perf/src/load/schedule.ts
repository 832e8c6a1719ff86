import type { Random } from "../random.ts";
import type { Segment } from "./pattern.ts";

/**
 * When each call of a phase is meant to start, in nanoseconds from the phase's start.
 *
 * Fixed before the first call and blind to how the target does: that is what makes the load an open one. Arrivals are even, or,
 * given `random`, a Poisson process, as independent users make one.
 *
 * ```text
 * expected arrivals so far
 *   3 |            ___x     the k-th arrival is where the expected number reaches k (even),
 *   2 |       __x--         or a sum of exponential draws of mean 1 (Poisson)
 *   1 |  __x--
 *   0 x--+----+----+---- time
 * ```
 *
 * Source: the time-change theorem for inhomogeneous Poisson processes; see E. Çinlar, "Introduction to Stochastic Processes", 1975, section 4.7.
 */
export class ArrivalSchedule {
  readonly #segments: readonly Segment[];
  readonly #random: Pick<Random, "exponential"> | undefined;
  #index = 0; // of the segment that time is in
  #startNs = 0; // of that segment
  #before = 0; // arrivals expected before it
  #target: number; // the next arrival is where so many are expected

  constructor(segments: readonly Segment[], random?: Pick<Random, "exponential">) {
    this.#segments = segments;
    this.#random = random;
    this.#target = random === undefined ? 0 : random.exponential(1);
  }

  /** The next start, never before the last one; Infinity when there are no more. */
  next(): number {
    for (;;) {
      const segment = this.#segments[this.#index];
      if (segment === undefined) return Number.POSITIVE_INFINITY;
      const end = this.#before + expectedArrivals(segment);
      if (this.#target < end) {
        const atNs = this.#startNs + timeOfNs(segment, this.#target - this.#before);
        this.#target += this.#random === undefined ? 1 : this.#random.exponential(1);
        return atNs;
      }
      this.#before = end;
      this.#startNs += segment.durationMs * 1e6;
      this.#index++;
    }
  }
}

/** Arrivals that a segment brings on average. */
export function expectedArrivals({ fromPerSecond, toPerSecond, durationMs }: Segment): number {
  return (((fromPerSecond + toPerSecond) / 2) * durationMs) / 1000;
}

/** When, from the segment's start, `arrivals` are expected: the root of `from t + (to - from) t^2 / 2T = arrivals`. */
function timeOfNs({ fromPerSecond, toPerSecond, durationMs }: Segment, arrivals: number): number {
  if (arrivals === 0) return 0;
  const slope = ((toPerSecond - fromPerSecond) / durationMs) * 1000; // per second, per second
  // This form of the root neither cancels near slope 0 nor divides by it; below 0 only by rounding, at the end of a fall to 0.
  const root = Math.sqrt(Math.max(0, fromPerSecond * fromPerSecond + 2 * slope * arrivals));
  return ((2 * arrivals) / (fromPerSecond + root)) * 1e9;
}
