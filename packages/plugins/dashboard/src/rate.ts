import type { Clock } from "@pitlane/perf";
import { KeyedLimiter, TokenBucket } from "@pitlane/perf/limit";

/** What a request is counted as. */
export type Traffic = "api" | "heavy" | "action" | "guess";

/** Bursts and rates by kind. A page asks for some ten things when it is opened; people act seldom. */
const LIMITS: Readonly<Record<Traffic, { readonly capacity: number; readonly tokensPerSecond: number }>> = {
  api: { capacity: 400, tokensPerSecond: 200 },
  heavy: { capacity: 40, tokensPerSecond: 10 },
  action: { capacity: 20, tokensPerSecond: 2 },
  guess: { capacity: 10, tokensPerSecond: 0.2 },
};

const MOST_ADDRESSES = 1000;

/** Limits of what one address may ask, by kind. Addresses held are bounded: see `KeyedLimiter`. */
export class RateLimits {
  readonly #limiters: Readonly<Record<Traffic, KeyedLimiter>>;

  constructor(clock: Pick<Clock, "monotonicNs">) {
    const limiter = (traffic: Traffic) =>
      new KeyedLimiter({
        limiters: {},
        createDefault: () => new TokenBucket({ ...LIMITS[traffic], clock }),
        maxKeys: MOST_ADDRESSES,
      });
    this.#limiters = {
      api: limiter("api"),
      heavy: limiter("heavy"),
      action: limiter("action"),
      guess: limiter("guess"),
    };
  }

  /** Counts one; false when the address has had its share. */
  tryTake(traffic: Traffic, address: string): boolean {
    return this.#limiters[traffic].tryTake(address);
  }

  /** True while the address may not even try: it has guessed too often. */
  isShut(address: string): boolean {
    return this.#limiters.guess.waitMs(address) > 0;
  }

  /** Whole seconds until one more may pass. */
  retryAfterS(traffic: Traffic, address: string): number {
    return Math.max(1, Math.ceil(this.#limiters[traffic].waitMs(address) / 1000));
  }
}
