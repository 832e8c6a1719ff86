import { integerInRange } from "../errors.ts";
import { PoolExhaustedError, StaleHandleError } from "./errors.ts";

/** How the slots of a pool are used. */
export interface SlotPoolStats {
  readonly capacity: number;
  readonly inUse: number;
  /** Most slots that were in use at once. */
  readonly highWater: number;
}

/**
 * Lends row numbers for data that lies in columns, one typed array per field: no object, nothing for the collector.
 *
 * `acquire` gives a handle, which can be kept and compared like any number; `slotOf` checks it and gives the row. A handle
 * is worth nothing after its release, even when the row is lent again:
 *
 *     handle, 31 bits   [ loans of this slot so far | slot ]      as many bits for the slot as `capacity` needs
 *     current  [ 2|0  1|1  7|2  1|3 ]                             by slot: the handle of this loan or, if free, of the next
 *
 * A handle is taken for a later one of its slot only after exactly a multiple of 2^31 / `capacity` loans (rounded up to a power of
 * two): 2 million at a capacity of 1,000, and 128 at the largest. Handles are made by `acquire` alone: one that is made up may pass.
 *
 * @example
 * const slots = new SlotPool(10_000);
 * const priceTicks = new Float64Array(10_000);
 * const order = slots.acquire();
 * priceTicks[slots.slotOf(order)] = 101;
 * slots.release(order);
 */
export class SlotPool {
  readonly #current: Int32Array;
  readonly #free: Int32Array; // a stack of handles for the next loans, valid below #freeCount
  readonly #slotMask: number;
  #freeCount = 0;
  #touched = 0; // slots from here on were never lent

  /**
   * @param capacity Slots, 1 to 2^24.
   * @throws {InvalidInputError} When `capacity` is not a whole number in that range.
   */
  constructor(capacity: number) {
    integerInRange("capacity", capacity, 1, 2 ** 24);
    const step = 2 ** Math.ceil(Math.log2(capacity));
    this.#slotMask = step - 1;
    this.#current = new Int32Array(capacity);
    this.#free = new Int32Array(capacity);
    // The first loan is number 1, so that a bare slot number is no handle.
    for (let slot = 0; slot < capacity; slot++) this.#current[slot] = this.#next(slot);
  }

  /** The handle of a free slot. @throws {PoolExhaustedError} When all are in use. */
  acquire(): number {
    const handle = this.tryAcquire();
    if (handle === -1) throw new PoolExhaustedError(this.#current.length);
    return handle;
  }

  /** As `acquire`, but -1 when all are in use. */
  tryAcquire(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount] as number;
    return this.#touched < this.#current.length ? (this.#current[this.#touched++] as number) : -1;
  }

  /** Ends the loan. @throws {StaleHandleError} When it has ended before. */
  release(handle: number): void {
    const slot = this.slotOf(handle);
    const next = this.#next(handle);
    this.#current[slot] = next;
    this.#free[this.#freeCount++] = next;
  }

  /** The slot, 0 to `capacity` - 1. @throws {StaleHandleError} When the loan has ended. */
  slotOf(handle: number): number {
    if (!this.isInUse(handle)) throw new StaleHandleError(handle);
    return handle & this.#slotMask;
  }

  /** Whether the loan of `handle` goes on. */
  isInUse(handle: number): boolean {
    return this.#current[handle & this.#slotMask] === handle;
  }

  stats(): SlotPoolStats {
    return {
      capacity: this.#current.length,
      inUse: this.#touched - this.#freeCount,
      highWater: this.#touched,
    };
  }

  /** The handle of the same slot's next loan: one more in the upper bits, round to 0 beyond 31 bits so as to stay positive. */
  #next(handle: number): number {
    return (handle + this.#slotMask + 1) & 0x7fffffff;
  }
}
