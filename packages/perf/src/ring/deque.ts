import { integerInRange } from "../errors.ts";

const FIRST_LENGTH = 16; // slots of an empty deque

/**
 * A bounded queue with two open ends, read by index; it takes memory as it fills.
 *
 * It starts with 16 slots and doubles up to what `capacity` needs; the call that grows copies all items, so a push costs
 * constant time on average. It never shrinks, save by `clear`. At `capacity`, `tryPush` and `tryUnshift` refuse: nothing is
 * dropped.
 *
 *       head            tail
 *        v               v
 * [ . . a b c d e f g h . . ]    both run round the array; one slot stays free, so that equal means empty
 *
 * @example
 * const orders = new Deque<string>(10_000);
 * orders.tryPush("new");
 * orders.tryUnshift("cancel"); // goes first
 * orders.shift(); // "cancel"
 * orders.at(-1); // "new"
 */
export class Deque<T> implements Iterable<T> {
  readonly #capacity: number;
  #slots: (T | undefined)[] = emptySlots(FIRST_LENGTH);
  #mask = FIRST_LENGTH - 1;
  #limit: number; // the size at which the next item needs more slots or is refused
  #head = 0; // slot of the first item
  #tail = 0; // slot after the last item

  /**
   * @param capacity Most items held, 1 to 2^24.
   * @throws {InvalidInputError} When `capacity` is not a whole number in that range.
   */
  constructor(capacity: number) {
    this.#capacity = integerInRange("capacity", capacity, 1, 2 ** 24);
    this.#limit = Math.min(capacity, this.#mask);
  }

  get size(): number {
    return (this.#tail - this.#head) & this.#mask;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Appends `item` at the end, or returns false and changes nothing when the deque is full. */
  tryPush(item: T): boolean {
    if (((this.#tail - this.#head) & this.#mask) === this.#limit && !this.#grow()) return false;
    const tail = this.#tail;
    this.#slots[tail] = item;
    this.#tail = (tail + 1) & this.#mask;
    return true;
  }

  /** Puts `item` at the front, or returns false and changes nothing when the deque is full. */
  tryUnshift(item: T): boolean {
    if (((this.#tail - this.#head) & this.#mask) === this.#limit && !this.#grow()) return false;
    const head = (this.#head - 1) & this.#mask;
    this.#slots[head] = item;
    this.#head = head;
    return true;
  }

  /** Removes and returns the first item; undefined when empty. */
  shift(): T | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const slots = this.#slots;
    const item = slots[head];
    slots[head] = undefined; // lets the collector have it
    this.#head = (head + 1) & this.#mask;
    return item;
  }

  /** Removes and returns the last item; undefined when empty. */
  pop(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const last = (this.#tail - 1) & this.#mask;
    const slots = this.#slots;
    const item = slots[last];
    slots[last] = undefined;
    this.#tail = last;
    return item;
  }

  /** The item at `index`: 0 is the first, -1 the last; undefined outside. */
  at(index: number): T | undefined {
    const { size } = this;
    const fromFront = index < 0 ? index + size : index;
    return fromFront >= 0 && fromFront < size ? this.#slots[(this.#head + fromFront) & this.#mask] : undefined;
  }

  /** Drops every item and gives the grown memory back. */
  clear(): void {
    this.#moveTo(FIRST_LENGTH, 0);
  }

  /** The items, first to last, left in place. Do not change the deque while iterating. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let slot = this.#head; slot !== this.#tail; slot = (slot + 1) & this.#mask) yield this.#slots[slot] as T;
  }

  #grow(): boolean {
    const { size } = this;
    if (size === this.#capacity) return false;
    this.#moveTo(this.#slots.length * 2, size);
    return true;
  }

  /** Moves the first `count` items to the start of a new array of `length`. */
  #moveTo(length: number, count: number): void {
    const slots = emptySlots<T>(length);
    for (let i = 0; i < count; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask];
    this.#slots = slots;
    this.#mask = length - 1;
    this.#limit = Math.min(this.#capacity, this.#mask);
    this.#head = 0;
    this.#tail = count;
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}
