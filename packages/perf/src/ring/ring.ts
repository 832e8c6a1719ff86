import { integerInRange } from "../errors.ts";

/**
 * A bounded first-in first-out queue over one array of a power-of-two size.
 *
 * `tryPush` refuses when full; nothing is dropped or overwritten silently. No call allocates.
 *
 *      head            tail
 *       v               v
 * [ . . a b c d e f g h . . ]    index = counter & mask; counters only grow
 *
 * @example
 * const queue = new Ring<number>(4);
 * if (!queue.tryPush(1)) throw new Error("full");
 * queue.shift(); // 1
 */
export class Ring<T> {
  readonly #slots: (T | undefined)[];
  readonly #mask: number;
  readonly #capacity: number;
  #head = 0; // of the next item out
  #tail = 0; // of the next item in

  /**
   * @param capacity Most items held, 1 to 2^30.
   * @throws {InvalidInputError} When `capacity` is not a whole number in that range.
   */
  constructor(capacity: number) {
    this.#capacity = integerInRange("capacity", capacity, 1, 2 ** 30);
    const size = 2 ** Math.ceil(Math.log2(this.#capacity));
    this.#slots = new Array<T | undefined>(size).fill(undefined);
    this.#mask = size - 1;
  }

  get size(): number {
    return this.#tail - this.#head;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Appends `item`, or returns false and changes nothing when the ring is full. */
  tryPush(item: T): boolean {
    if (this.#tail - this.#head === this.#capacity) return false;
    this.#slots[this.#tail++ & this.#mask] = item;
    return true;
  }

  /** Removes and returns the oldest item; undefined when empty. */
  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const index = this.#head++ & this.#mask;
    const item = this.#slots[index];
    this.#slots[index] = undefined; // lets the collector have it
    return item;
  }

  /** The oldest item, left in place; undefined when empty. */
  peek(): T | undefined {
    return this.#slots[this.#head & this.#mask];
  }
}
