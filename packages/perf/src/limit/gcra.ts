import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import type { Limiter } from "./limiter.ts";

export interface GcraOptions {
  /** How many things are limited, each by itself; 1 to 10,000,000. Callers name them 0 to slots - 1. */
  readonly slots: number;
  /** Largest burst of a slot, in whole tokens; 1 to 1e9. */
  readonly capacity: number;
  /** Average rate of a slot, in tokens per second; 1e-6 to 1e6. */
  readonly tokensPerSecond: number;
  /** Read on every call. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * One rate with bursts for very many things at eight bytes each: instruments, sessions, addresses.
 *
 * Answers as a `TokenBucket` per slot would, but keeps one number a slot: when its bucket is full again. Where limits differ
 * or keys are text, use `KeyedLimiter`. Tokens cost whole nanoseconds, rounded up, so that sums stay exact: never over the
 * limit, and under it by at most `tokensPerSecond / 1e9` (0.1 % at the highest rate).
 *
 * Source: the generic cell rate algorithm in its virtual scheduling form, ITU-T I.371, annex A.
 *
 * @example
 * const perInstrument = new Gcra({ slots: instruments.length, capacity: 5, tokensPerSecond: 10, clock });
 * if (perInstrument.tryTake(instrumentIndex)) send(order);
 */
export class Gcra {
  readonly #nsPerToken: number;
  readonly #capacity: number;
  readonly #capacityNs: number;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #fullAtNs: Float64Array;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor({ slots, capacity, tokensPerSecond, clock }: GcraOptions) {
    this.#fullAtNs = new Float64Array(integerInRange("slots", slots, 1, 10_000_000)).fill(Number.NEGATIVE_INFINITY);
    this.#nsPerToken = Math.ceil(1e9 / inRange("tokensPerSecond", tokensPerSecond, 1e-6, 1e6));
    this.#capacity = integerInRange("capacity", capacity, 1, 1e9);
    this.#capacityNs = capacity * this.#nsPerToken;
    this.#clock = clock;
  }

  /**
   * Takes `cost` tokens of `slot`, or none and returns false.
   * @throws {InvalidInputError} When there is no such slot or `cost` is not in [0, capacity].
   */
  tryTake(slot: number, cost = 1): boolean {
    const nowNs = Math.floor(this.#clock.monotonicNs());
    const fullAtNs = this.#fullAtAfterNs(slot, cost, nowNs);
    if (fullAtNs - nowNs > this.#capacityNs) return false;
    this.#fullAtNs[slot] = fullAtNs;
    return true;
  }

  /** Whole milliseconds until `tryTake(slot, cost)` succeeds; 0 when it does now. Throws as `tryTake`. */
  waitMs(slot: number, cost = 1): number {
    const nowNs = Math.floor(this.#clock.monotonicNs());
    return Math.max(0, Math.ceil((this.#fullAtAfterNs(slot, cost, nowNs) - nowNs - this.#capacityNs) / 1e6));
  }

  /** One slot as a limiter of its own, for a `TakeQueue`. @throws {InvalidInputError} When there is no such slot. */
  of(slot: number): Limiter {
    integerInRange("slot", slot, 0, this.#fullAtNs.length - 1);
    return { tryTake: (cost) => this.tryTake(slot, cost), waitMs: (cost) => this.waitMs(slot, cost) };
  }

  #fullAtAfterNs(slot: number, cost: number, nowNs: number): number {
    const fullAtNs = this.#fullAtNs[slot];
    if (fullAtNs === undefined)
      throw new InvalidInputError(`slot must be from 0 to ${this.#fullAtNs.length - 1}, got ${slot}`);
    inRange("cost", cost, 0, this.#capacity);
    return Math.max(fullAtNs, nowNs) + Math.ceil(cost * this.#nsPerToken);
  }
}
