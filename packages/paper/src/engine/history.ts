import { integerInRange } from "@pitlane/perf";

/**
 * A list of the newest items, at least `capacity` of them; older ones are forgotten.
 *
 * Forgetting happens in one cut when twice that many are held, so that an append costs no more than a push.
 */
export class History<T> {
  readonly #capacity: number;
  #items: T[] = [];

  /** @throws {InvalidInputError} When `capacity` is not a whole number from 1 to 1e7. */
  constructor(capacity: number) {
    this.#capacity = integerInRange("capacity", capacity, 1, 1e7);
  }

  /** Appends `item`. @returns What was forgotten for it, oldest first: usually nothing. */
  push(item: T): readonly T[] {
    this.#items.push(item);
    if (this.#items.length < 2 * this.#capacity) return NOTHING;
    return this.#items.splice(0, this.#capacity);
  }

  /** What is held, oldest first. */
  get items(): readonly T[] {
    return this.#items;
  }

  get last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  /** The newest `count`, oldest first. */
  newest(count: number): T[] {
    return count <= 0 ? [] : this.#items.slice(-count);
  }

  /** Index of the first item whose `key` is at least `value`; keys must never fall. */
  firstAtLeast(value: number, key: (item: T) => number): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (key(this.#items[middle]!) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NOTHING: readonly never[] = [];
