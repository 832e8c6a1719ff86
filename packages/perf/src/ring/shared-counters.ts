import { InvalidInputError, integerInRange } from "../errors.ts";

const WORD_BYTES = 8;
const LINE_WORDS = 16; // 128 bytes a counter: threads that count different things do not take each other's cache lines

/**
 * Named counters in memory that threads share; additions of all threads count, in any order.
 *
 * Each is a 64-bit integer on two cache lines of its own. Reading gives numbers, exact up to 2^53.
 *
 * @example
 * const counters = createSharedCounters(["received", "dropped"]);
 * new Worker(file, { workerData: counters.buffer }); // there: attachSharedCounters(workerData, ["received", "dropped"])
 * const received = counters.counter("received"); // once
 * received.increment();
 * counters.values(); // { received: 1, dropped: 0 }
 */
export class SharedCounters<const Names extends readonly string[]> {
  /** The shared memory. */
  readonly buffer: SharedArrayBuffer;
  readonly #counters: ReadonlyMap<string, SharedCounter>;

  /** Made by `createSharedCounters` and `attachSharedCounters`. */
  constructor(buffer: SharedArrayBuffer, names: Names) {
    this.buffer = buffer;
    const words = new BigInt64Array(buffer);
    this.#counters = new Map(names.map((name, i) => [name, new SharedCounter(words, i * LINE_WORDS)]));
  }

  /** The counter of that name; ask once and keep it. @throws {InvalidInputError} When there is none. */
  counter(name: Names[number]): SharedCounter {
    const counter = this.#counters.get(name);
    if (counter !== undefined) return counter;
    throw new InvalidInputError(`no counter "${name}"; there are ${[...this.#counters.keys()].join(", ")}`);
  }

  /** All counters by name. Each is right by itself; together they are not of one instant while other threads count. */
  values(): Record<Names[number], number> {
    return Object.fromEntries([...this.#counters].map(([name, { value }]) => [name, value])) as Record<
      Names[number],
      number
    >;
  }
}

/** One counter of a `SharedCounters`. */
export class SharedCounter {
  readonly #words: BigInt64Array;
  readonly #index: number;

  /** Made by `SharedCounters`. */
  constructor(words: BigInt64Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** Adds 1. */
  increment(): void {
    Atomics.add(this.#words, this.#index, 1n);
  }

  /** Adds `count`, a whole number, which may be negative. @throws {RangeError} When it is not whole. */
  add(count: number): void {
    Atomics.add(this.#words, this.#index, BigInt(count));
  }

  /** What all threads have added, exact up to 2^53. */
  get value(): number {
    return Number(Atomics.load(this.#words, this.#index));
  }
}

/**
 * New counters, all 0, in shared memory of their own.
 *
 * @param names 1 to 1,000, all different.
 * @throws {InvalidInputError} When there are none, too many, or a name occurs twice.
 */
export function createSharedCounters<const Names extends readonly string[]>(names: Names): SharedCounters<Names> {
  integerInRange("number of counters", names.length, 1, 1_000);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new InvalidInputError(`names must differ: "${repeated}"`);
  return new SharedCounters(new SharedArrayBuffer(names.length * LINE_WORDS * WORD_BYTES), names);
}

/**
 * The counters that another thread created, from their `buffer` and the same names in the same order.
 *
 * @throws {InvalidInputError} When `buffer` is not of that many counters.
 */
export function attachSharedCounters<const Names extends readonly string[]>(
  buffer: SharedArrayBuffer,
  names: Names,
): SharedCounters<Names> {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== names.length * LINE_WORDS * WORD_BYTES)
    throw new InvalidInputError(`buffer must be the shared memory of ${names.length} counters`);
  return new SharedCounters(buffer, names);
}
