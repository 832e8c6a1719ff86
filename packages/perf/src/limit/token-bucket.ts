import type { Clock } from "../clock.ts";
import { inRange } from "../errors.ts";
import type { ForgettableLimiter } from "./limiter.ts";

export interface TokenBucketOptions {
  /** Largest burst, in tokens; 1 to 1e9. */
  readonly capacity: number;
  /** Average rate, in tokens per second; 1e-6 to 1e9. */
  readonly tokensPerSecond: number;
  /** Read when the pocket cannot pay; the bucket owns no timer. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** Part of the capacity that is taken without a look at the clock. */
const POCKET_SHARE = 1 / 16;

// Cells of the bucket: doubles kept in an object's fields would be boxed anew on every write.
const LEVEL = 0; // tokens at FROM; below zero after takes from what came in since
const FROM = 1; // nanoseconds; moves only while the bucket is full, so that no rounding adds up

/**
 * Admits bursts of up to `capacity` tokens and `tokensPerSecond` on average.
 *
 * Any `s` seconds admit at most `capacity + tokensPerSecond * s` tokens; for a strict rolling window, use `SlidingWindow`.
 * No call creates an object. A reading of the host's clock costs twenty times a take, so whenever the clock is read a
 * sixteenth of the capacity moves from the bucket into a pocket, and takes are paid from it until it is empty:
 *
 *     time --tokensPerSecond--> bucket, holds capacity less the pocket --at each reading--> pocket --> takes
 *
 * Bucket and pocket together never hold more than `capacity`. The price: the pocket does not refill by itself, so a burst
 * after a pause can come out up to a sixteenth short, as if its first part had been taken just now. The pocket is made of
 * whole tokens: with a capacity below 16, or for a cost that is not whole, every take reads the clock.
 *
 * Source: RFC 2697, section 3 (bucket C alone).
 *
 * @example
 * const bucket = new TokenBucket({ capacity: 10, tokensPerSecond: 5, clock });
 * while (!bucket.tryTake()) await clock.sleep(bucket.waitMs(), signal);
 */
export class TokenBucket implements ForgettableLimiter {
  readonly #capacity: number;
  readonly #nsPerToken: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #bucket = new Float64Array(2);
  readonly #pocketSize: number;
  readonly #pocket = new Int32Array(1); // whole tokens: half the time that a double takes, measured
  #pocketMade = 0; // what was last put into the pocket, 0 or its size

  /** @throws {InvalidInputError} When `capacity` or `tokensPerSecond` is out of range. */
  constructor({ capacity, tokensPerSecond, clock }: TokenBucketOptions) {
    this.#capacity = inRange("capacity", capacity, 1, 1e9);
    this.#nsPerToken = 1e9 / inRange("tokensPerSecond", tokensPerSecond, 1e-6, 1e9);
    this.#pocketSize = Math.floor(capacity * POCKET_SHARE);
    this.#clock = clock;
    this.#bucket[LEVEL] = capacity;
    this.#bucket[FROM] = clock.monotonicNs();
  }

  /** Takes `cost` tokens, or none and returns false. @throws {InvalidInputError} When `cost` is not in [0, capacity]. */
  tryTake(cost = 1): boolean {
    const left = (this.#pocket[0] as number) - cost;
    if (left >= 0 && cost >= 0 && left === (left | 0)) {
      this.#pocket[0] = left;
      return true;
    }
    return this.#tryTakeFromBucket(cost);
  }

  /** Whole milliseconds until `tryTake(cost)` succeeds; 0 when it does now. Throws as `tryTake`. */
  waitMs(cost = 1): number {
    inRange("cost", cost, 0, this.#capacity);
    const nowNs = this.#clock.monotonicNs();
    this.#emptyPocket(nowNs);
    return Math.max(0, Math.ceil((this.#holdsAtNs(cost) - nowNs) / 1e6));
  }

  /** True when the bucket is full again. */
  isIdle(): boolean {
    return this.waitMs(this.#capacity) === 0;
  }

  #tryTakeFromBucket(cost: number): boolean {
    inRange("cost", cost, 0, this.#capacity);
    const nowNs = this.#clock.monotonicNs();
    this.#emptyPocket(nowNs);
    if (nowNs < this.#holdsAtNs(cost)) return false;
    const pocket = nowNs < this.#holdsAtNs(cost + this.#pocketSize) ? 0 : this.#pocketSize;
    this.#bucket[LEVEL] = (this.#bucket[LEVEL] as number) - cost - pocket;
    this.#pocket[0] = this.#pocketMade = pocket;
    return true;
  }

  // What was taken from the pocket, and nobody knows when, counts as taken now: the bucket never held more than fits beside it.
  #emptyPocket(nowNs: number): void {
    const room = this.#capacity - this.#pocketMade;
    if (nowNs >= this.#holdsAtNs(room)) {
      this.#bucket[LEVEL] = room;
      this.#bucket[FROM] = nowNs;
    }
    if (this.#pocketMade === 0) return;
    this.#bucket[LEVEL] = (this.#bucket[LEVEL] as number) + (this.#pocket[0] as number);
    this.#pocket[0] = this.#pocketMade = 0;
  }

  // In time rather than tokens: sums of 1/rate round, and would wake callers 1 ms late.
  #holdsAtNs(tokens: number): number {
    return (this.#bucket[FROM] as number) + (tokens - (this.#bucket[LEVEL] as number)) * this.#nsPerToken;
  }
}
