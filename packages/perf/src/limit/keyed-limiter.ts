import { integerInRange } from "../errors.ts";
import type { ForgettableLimiter, Limiter } from "./limiter.ts";

export interface KeyedLimiterOptions {
  /** Keys with a limit of their own, each with what makes its limiter. Made at once and never forgotten. */
  readonly limiters: Readonly<Record<string, () => ForgettableLimiter>>;
  /** Makes the limiter of a key that is not listed, the same for all of them. */
  readonly createDefault: () => ForgettableLimiter;
  /** Most unlisted keys held at once; 1 to 1,000,000. */
  readonly maxKeys: number;
}

/** Keys looked at for one to forget, when a new one comes and all places are taken: bounds what a flood of keys costs. */
const LOOKED_AT = 8;

/**
 * Limits each key by itself: the endpoints of an API, with a default for those that are not listed.
 *
 * Keys are bounded, and no key ever exceeds its limit because of that: only a key whose limiter is idle (full again, so that
 * a new one would admit no more) is forgotten for a new one. While none is, new keys share one limiter of the default kind,
 * and get their own only once the shared one is idle too, so that nothing taken there is forgotten.
 *
 * @example
 * const limits = new KeyedLimiter({
 *   limiters: { "POST /order": () => new SlidingWindow({ limit: 50, windowMs: 10_000, clock }) },
 *   createDefault: () => new TokenBucket({ capacity: 20, tokensPerSecond: 10, clock }),
 *   maxKeys: 1000,
 * });
 * limits.tryTake("POST /order");
 */
export class KeyedLimiter {
  readonly #listed: ReadonlyMap<string, ForgettableLimiter>;
  readonly #unlisted = new Map<string, ForgettableLimiter>();
  readonly #shared: ForgettableLimiter;
  readonly #createDefault: () => ForgettableLimiter;
  readonly #maxKeys: number;
  #next = this.#unlisted.entries(); // goes round the keys; of a Map it stays valid through changes

  /** @throws {InvalidInputError} When `maxKeys` is not a whole number in its range. */
  constructor({ limiters, createDefault, maxKeys }: KeyedLimiterOptions) {
    this.#maxKeys = integerInRange("maxKeys", maxKeys, 1, 1_000_000);
    this.#listed = new Map(Object.entries(limiters).map(([key, create]) => [key, create()]));
    this.#createDefault = createDefault;
    this.#shared = createDefault();
  }

  /** Takes `cost` of what `key` may use, or nothing and returns false. Throws as the key's limiter does. */
  tryTake(key: string, cost = 1): boolean {
    return this.#limiterOf(key).tryTake(cost);
  }

  /** Whole milliseconds until `tryTake(key, cost)` succeeds; 0 when it does now. */
  waitMs(key: string, cost = 1): number {
    return this.#limiterOf(key).waitMs(cost);
  }

  /** One key as a limiter of its own, for a `TakeQueue`; stays right when the key is forgotten and comes back. */
  of(key: string): Limiter {
    return { tryTake: (cost) => this.tryTake(key, cost), waitMs: (cost) => this.waitMs(key, cost) };
  }

  /** Unlisted keys held now, at most `maxKeys`. */
  get size(): number {
    return this.#unlisted.size;
  }

  #limiterOf(key: string): ForgettableLimiter {
    return this.#listed.get(key) ?? this.#unlisted.get(key) ?? this.#limiterOfNew(key);
  }

  #limiterOfNew(key: string): ForgettableLimiter {
    if (!this.#shared.isIdle() || !this.#hasRoom()) return this.#shared;
    const limiter = this.#createDefault();
    this.#unlisted.set(key, limiter);
    return limiter;
  }

  #hasRoom(): boolean {
    if (this.#unlisted.size < this.#maxKeys) return true;
    for (let i = 0; i < LOOKED_AT; i++) {
      const step = this.#next.next();
      if (step.done) this.#next = this.#unlisted.entries();
      else if (step.value[1].isIdle()) return this.#unlisted.delete(step.value[0]);
    }
    return false;
  }
}
