import type { Clock } from "@pitlane/perf";
import { KeyedLimiter, SlidingWindow } from "@pitlane/perf/limit";

const MOST_ADDRESSES = 10_000;

export interface AddressLimitOptions {
  readonly requests: number;
  readonly windowMs: number;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Requests of every address within a sliding window. At most 10,000 addresses are told apart at a time; more share one limit.
 * A refused request does not count.
 */
export class AddressLimit {
  readonly #limiter: KeyedLimiter;

  constructor({ requests, windowMs, clock }: AddressLimitOptions) {
    const createDefault = () => new SlidingWindow({ limit: requests, windowMs, clock });
    this.#limiter = new KeyedLimiter({ limiters: {}, createDefault, maxKeys: MOST_ADDRESSES });
  }

  /** Counts a request of `ip`. @returns 0, or the milliseconds until the next one may come when it is one too many. */
  waitFor(ip: string): number {
    return this.#limiter.tryTake(ip) ? 0 : this.#limiter.waitMs(ip);
  }
}
