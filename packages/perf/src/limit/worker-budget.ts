import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import type { Limiter } from "./limiter.ts";

export interface WorkerBudgetOptions {
  /** Eight bytes that all threads share: `new SharedArrayBuffer(8)`, zeroed, passed to each as worker data. */
  readonly memory: SharedArrayBuffer;
  /** Largest burst of all threads together, in whole tokens; 1 to 1e9. The same in every thread. */
  readonly capacity: number;
  /** Average rate of all threads together, in tokens per second; 1e-6 to 1e6. The same in every thread. */
  readonly tokensPerSecond: number;
  /**
   * Nanoseconds on a timeline that all threads share: `process.hrtime.bigint`. The monotonic clock of `createSystemClock`
   * is not one, as every thread counts from its own start.
   */
  readonly nowNs: () => bigint;
}

/**
 * A token bucket that the worker threads of one process spend together.
 *
 * Any `s` seconds admit at most `capacity + tokensPerSecond * s` tokens over all threads; a take counts at the time its thread
 * read the clock. The whole state is one number in shared memory, when the bucket is full again, and a take replaces it by
 * compare-and-exchange: no thread ever waits for another that was stopped, but who gets the next token is a race. Tokens
 * cost whole nanoseconds, rounded up: never over the limit, and under it by at most 0.1 % at the highest rate.
 *
 * Source: the generic cell rate algorithm in its virtual scheduling form, ITU-T I.371, annex A.
 *
 * @example
 * const memory = new SharedArrayBuffer(8);
 * const budget = new WorkerBudget({ memory, capacity: 10, tokensPerSecond: 100, nowNs: process.hrtime.bigint });
 * const worker = new Worker(file, { workerData: memory }); // builds its own WorkerBudget on it
 */
export class WorkerBudget implements Limiter {
  readonly #fullAtNs: BigInt64Array;
  readonly #capacity: number;
  readonly #capacityNs: bigint;
  readonly #nsPerToken: number;
  readonly #nowNs: () => bigint;

  /** @throws {InvalidInputError} When an option is out of range or the memory has fewer than eight bytes. */
  constructor({ memory, capacity, tokensPerSecond, nowNs }: WorkerBudgetOptions) {
    if (memory.byteLength < 8) throw new InvalidInputError(`memory must have 8 bytes, got ${memory.byteLength}`);
    this.#fullAtNs = new BigInt64Array(memory, 0, 1);
    this.#nsPerToken = Math.ceil(1e9 / inRange("tokensPerSecond", tokensPerSecond, 1e-6, 1e6));
    this.#capacity = integerInRange("capacity", capacity, 1, 1e9);
    this.#capacityNs = BigInt(capacity) * BigInt(this.#nsPerToken);
    this.#nowNs = nowNs;
  }

  /** Takes `cost` tokens, or none and returns false. @throws {InvalidInputError} When `cost` is not in [0, capacity]. */
  tryTake(cost = 1): boolean {
    const costNs = this.#costNs(cost);
    for (;;) {
      const fullAtNs = Atomics.load(this.#fullAtNs, 0);
      const nowNs = this.#nowNs();
      const toFullNs = notNegative(fullAtNs - nowNs) + costNs;
      if (toFullNs > this.#capacityNs) return false;
      if (Atomics.compareExchange(this.#fullAtNs, 0, fullAtNs, nowNs + toFullNs) === fullAtNs) return true;
    }
  }

  /** Whole milliseconds until `tryTake(cost)` succeeds, if no thread takes; 0 when it does now. Throws as `tryTake`. */
  waitMs(cost = 1): number {
    const costNs = this.#costNs(cost);
    const toFullNs = notNegative(Atomics.load(this.#fullAtNs, 0) - this.#nowNs()) + costNs;
    return Math.max(0, Math.ceil(Number(toFullNs - this.#capacityNs) / 1e6));
  }

  #costNs(cost: number): bigint {
    return BigInt(Math.ceil(inRange("cost", cost, 0, this.#capacity) * this.#nsPerToken));
  }
}

function notNegative(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
