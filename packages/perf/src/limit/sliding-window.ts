import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";
import type { ForgettableLimiter } from "./limiter.ts";

export interface SlidingWindowOptions {
  /** Most units in any window; 1 to 1,000,000 (eight bytes are kept for each). */
  readonly limit: number;
  /** Length of the window, in milliseconds; 0.001 to 86,400,000. */
  readonly windowMs: number;
  /** Read on every call; the window owns no timer. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Admits at most `limit` units in any window of `windowMs`, wherever the window starts.
 *
 * Windows are half-open, [t, t + windowMs): a unit taken at `t` is free again at exactly `t + windowMs`. The times of the
 * last `limit` units are kept in a ring, the oldest at the cursor, so nothing is estimated and nothing allocated; a take of
 * `cost` units writes as many times. A venue measures at its own door: add the jitter of the way to `windowMs`.
 *
 *     oldest           newest
 *       v                |
 *     [ t0 t1 t2 t3 .. t9 ]    a cost of 3 fits once t2 is a window old, and overwrites t0 to t2
 *
 * @example
 * const window = new SlidingWindow({ limit: 50, windowMs: 10_000, clock });
 * if (!window.tryTake()) console.log("wait", window.waitMs(), "ms");
 */
export class SlidingWindow implements ForgettableLimiter {
  readonly #windowNs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #takenAtNs: Float64Array;
  #oldest = 0; // index

  /** @throws {InvalidInputError} When `limit` is not a whole number in its range, or `windowMs` out of its. */
  constructor({ limit, windowMs, clock }: SlidingWindowOptions) {
    this.#takenAtNs = new Float64Array(integerInRange("limit", limit, 1, 1_000_000)).fill(Number.NEGATIVE_INFINITY);
    this.#windowNs = inRange("windowMs", windowMs, 0.001, 86_400_000) * 1e6;
    this.#clock = clock;
  }

  /** Takes `cost` units, or none and returns false. @throws {InvalidInputError} When `cost` is not a whole number in [1, limit]. */
  tryTake(cost = 1): boolean {
    const nowNs = this.#clock.monotonicNs();
    if (nowNs < this.#readyAtNs(cost)) return false;
    const limit = this.#takenAtNs.length;
    for (let i = 0; i < cost; i++) {
      this.#takenAtNs[this.#oldest] = nowNs;
      this.#oldest = this.#oldest + 1 === limit ? 0 : this.#oldest + 1;
    }
    return true;
  }

  /** Whole milliseconds until `tryTake(cost)` succeeds; 0 when it does now. Throws as `tryTake`. */
  waitMs(cost = 1): number {
    return Math.max(0, Math.ceil((this.#readyAtNs(cost) - this.#clock.monotonicNs()) / 1e6));
  }

  /** True when the last window has seen nothing. */
  isIdle(): boolean {
    return this.waitMs(this.#takenAtNs.length) === 0;
  }

  #readyAtNs(cost: number): number {
    const limit = this.#takenAtNs.length;
    integerInRange("cost", cost, 1, limit);
    const last = this.#oldest + cost - 1; // of those that a take would overwrite, the newest
    return (this.#takenAtNs[last < limit ? last : last - limit] as number) + this.#windowNs;
  }
}
