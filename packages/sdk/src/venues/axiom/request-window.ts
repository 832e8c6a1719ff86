import { type Clock, integerInRange } from "@pitlane/perf";
import { PRIORITIES, type Priority } from "@pitlane/perf/limit";
import type { CallBudget } from "../../transport/limit.ts";

export interface RequestWindowOptions {
  /** Most requests in any window; 1 to 100,000 (eight bytes are kept for each). */
  readonly limit: number;
  /** Length of the window, in milliseconds; 10 to 3,600,000. */
  readonly windowMs: number;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** How far each priority may fill the window: what renews a session goes out as a cancel does. Nearly all else are reads here. */
const SHARES: Readonly<Record<Priority, number>> = { cancel: 1, amend: 0.98, new: 0.98, read: 0.95 };

/**
 * Admits at most `limit` requests in any window of `windowMs`, wherever it starts, and of them to each priority no more than fill
 * the window to its share: 100, 98, 98 and 95 %, and one request in any case.
 *
 * A `SlidingWindow` by priority: the times of the last `limit` requests in a ring, so nothing is estimated and nothing allocated.
 *
 *     oldest                      newest
 *       v                            |
 *     [ t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 ]    a cancel goes out once t0 is a window old, a read once t1 is: nine of ten are younger then at most
 *
 * @example
 * const budget = new RequestWindow({ limit: 100, windowMs: 60_000, clock });
 * const layer = limit({ budget, events, clock });
 */
export class RequestWindow implements CallBudget {
  readonly #windowNs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #ceilings: Readonly<Record<Priority, number>>;
  readonly #sentAtNs: Float64Array;
  #oldest = 0; // index

  /** @throws {InvalidInputError} When `limit` or `windowMs` is no whole number in its range. */
  constructor({ limit, windowMs, clock }: RequestWindowOptions) {
    this.#sentAtNs = new Float64Array(integerInRange("limit", limit, 1, 100_000)).fill(Number.NEGATIVE_INFINITY);
    this.#windowNs = integerInRange("windowMs", windowMs, 10, 3_600_000) * 1e6;
    const ceilings = PRIORITIES.map((priority) => [priority, Math.max(1, Math.floor(limit * SHARES[priority]))]);
    this.#ceilings = Object.fromEntries(ceilings) as Record<Priority, number>;
    this.#clock = clock;
  }

  /** Takes `requests`, or none and returns false. @throws {InvalidInputError} When that is not a whole number from 1 to the share of `priority`. */
  tryTake(requests: number, priority: Priority): boolean {
    const nowNs = this.#clock.monotonicNs();
    if (nowNs < this.#readyAtNs(requests, priority)) return false;
    for (let i = 0; i < requests; i++) {
      this.#sentAtNs[this.#oldest] = nowNs;
      this.#oldest = this.#oldest + 1 === this.#sentAtNs.length ? 0 : this.#oldest + 1;
    }
    return true;
  }

  /** Whole milliseconds until `tryTake` succeeds, if nobody else takes; 0 when it does now. Throws as `tryTake`. */
  waitMs(requests: number, priority: Priority): number {
    return Math.max(0, Math.ceil((this.#readyAtNs(requests, priority) - this.#clock.monotonicNs()) / 1e6));
  }

  #readyAtNs(requests: number, priority: Priority): number {
    const ceiling = this.#ceilings[priority];
    integerInRange("requests", requests, 1, ceiling);
    const limit = this.#sentAtNs.length;
    const last = this.#oldest + limit - ceiling + requests - 1; // the newest that must have left the window
    return (this.#sentAtNs[last < limit ? last : last - limit] as number) + this.#windowNs;
  }
}
