import { integerInRange } from "../errors.ts";
import { DoubleReleaseError } from "../flow/semaphore.ts";
import { ForeignReleaseError, PoolExhaustedError } from "./errors.ts";

export interface ObjectPoolOptions<T extends object> {
  /** Makes an object with every field it will ever have: fields added later make all code that reads them slower. */
  readonly create: () => T;
  /** Clears at release what must not outlive it, references above all. The other fields keep their values for the next user. */
  readonly reset?: (object: T) => void;
  /** Objects made at construction; 0 to `max`, 1,000 or `max` unless told. */
  readonly initial?: number;
  /** Most objects there may be, 1 to 1e7; 10,000 unless told. */
  readonly max?: number;
}

/** What a pool holds. `created` is `inUse` and `free` together. */
export interface ObjectPoolStats {
  readonly created: number;
  readonly inUse: number;
  readonly free: number;
  /** Most objects that were in use at once. */
  readonly highWater: number;
  /** Calls that got an object. */
  readonly acquired: number;
}

/** Where an object keeps its place in the pool: the place while it is free, the complement (a negative number) while in use. */
const PLACE = Symbol("pitlane.pool.place");

type Pooled<T> = T & { [PLACE]: number };

/**
 * Lends objects that outlive the call that makes them: orders, levels, events in queues.
 *
 * It pays where objects live long enough to be moved by the collector. What does not leave the function that makes it, V8
 * does not allocate at all, and a pool only slows it down; the bench has both.
 *
 *     objects  [ a b c d e f . . ]      by place; as many as were ever made
 *     free     [ c a ]                  a stack: the last one given back is still in the CPU's cache and goes out first
 *     touched    4                      places from here on were never lent: the high-water mark
 *
 * The pool writes one symbol property into each object, which `JSON.stringify` and `for .. in` do not see. It tells at the cost of
 * one comparison what was given back twice or is not of this pool. It cannot tell a second release once the object is lent
 * again: where owners are many, take `SlotPool`, whose handles say of which loan they are.
 *
 * @example
 * const orders = new ObjectPool({ create: () => ({ id: 0, priceTicks: 0, next: null as object | null }), max: 5_000 });
 * const order = orders.acquire();
 * order.priceTicks = 101;
 * orders.release(order);
 */
export class ObjectPool<T extends object> {
  readonly #create: () => T;
  readonly #reset: ((object: T) => void) | undefined;
  readonly #max: number;
  readonly #objects: Pooled<T>[] = [];
  readonly #free: Pooled<T>[] = []; // valid below #freeCount; what lies above is in #objects anyway
  readonly #acquired = new Float64Array(1); // a field that outgrows 31 bits would be allocated on every write
  #freeCount = 0;
  #touched = 0;

  /** @throws {InvalidInputError} When `initial` or `max` is out of range. @throws What `create` throws. */
  constructor({ create, reset, max = 10_000, initial = Math.min(1_000, max) }: ObjectPoolOptions<T>) {
    this.#max = integerInRange("max", max, 1, 1e7);
    integerInRange("initial", initial, 0, max);
    this.#create = create;
    this.#reset = reset;
    for (let i = 0; i < initial; i++) this.#grow();
  }

  /** An object as the last user left it, after `reset`. @throws {PoolExhaustedError} When `max` are in use. */
  acquire(): T {
    const object = this.tryAcquire();
    if (object === undefined) throw new PoolExhaustedError(this.#max);
    return object;
  }

  /** As `acquire`, but undefined when `max` are in use. @throws What `create` throws; the pool is then as before. */
  tryAcquire(): T | undefined {
    const free = this.#freeCount;
    if (free === 0) return this.#lendUntouched();
    this.#freeCount = free - 1;
    return this.#lend(this.#free[free - 1] as Pooled<T>);
  }

  /**
   * Takes `object` back. The caller must not keep it: its next user will change it.
   *
   * @throws {DoubleReleaseError} When it was given back before and not lent since.
   * @throws {ForeignReleaseError} When it is not of this pool, a copy of one that is, say.
   * @throws What `reset` throws; the object is then still in use.
   */
  release(object: T): void {
    const place = ~(object as Pooled<T>)[PLACE];
    if (this.#objects[place] !== object) throw this.#notInUse(object);
    if (this.#reset !== undefined) this.#reset(object);
    (object as Pooled<T>)[PLACE] = place;
    this.#free[this.#freeCount++] = object as Pooled<T>;
  }

  stats(): ObjectPoolStats {
    const created = this.#objects.length;
    const inUse = this.#touched - this.#freeCount;
    return { created, inUse, free: created - inUse, highWater: this.#touched, acquired: this.#acquired[0] as number };
  }

  #lendUntouched(): T | undefined {
    if (this.#touched === this.#max) return undefined;
    if (this.#touched === this.#objects.length) this.#grow();
    return this.#lend(this.#objects[this.#touched++] as Pooled<T>);
  }

  #lend(object: Pooled<T>): T {
    object[PLACE] = ~object[PLACE];
    (this.#acquired[0] as number)++;
    return object;
  }

  #grow(): void {
    const object = this.#create() as Pooled<T>;
    object[PLACE] = this.#objects.length;
    this.#objects.push(object);
    this.#free.push(object); // as long as the other, for a store that may lengthen an array is slower
  }

  #notInUse(object: T): DoubleReleaseError | ForeignReleaseError {
    if (this.#objects[(object as Pooled<T>)[PLACE]] === object)
      return new DoubleReleaseError("this object was released before");
    return new ForeignReleaseError("this object is not of this pool");
  }
}
