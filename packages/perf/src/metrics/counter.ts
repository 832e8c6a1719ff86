import { InvalidInputError } from "../errors.ts";

/**
 * A sum that only grows. `inc` is one addition in a typed array; it allocates nothing.
 *
 * Exact for whole increments up to a sum of 2^53.
 *
 * @example
 * const orders = new Counter();
 * orders.inc();
 * orders.value; // 1
 */
export class Counter {
  readonly #cell = new Float64Array(1); // a double field of the object would be boxed at every write

  /**
   * Adds `amount`.
   *
   * @throws {InvalidInputError} When `amount` is negative, infinite or not a number; the counter is then unchanged.
   */
  inc(amount = 1): void {
    if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw refused(amount);
    (this.#cell[0] as number) += amount;
  }

  /** The sum so far. */
  get value(): number {
    return this.#cell[0] as number;
  }
}

function refused(amount: unknown): InvalidInputError {
  return new InvalidInputError(`a counter grows by a finite number of at least 0, got ${String(amount)}`);
}
