import { integerInRange } from "@pitlane/perf";

/**
 * What a full lane does: `keep` grows past its bound and says so (for what must never be lost), `dropOldest` gives up the oldest
 * and counts it.
 */
export type FullPolicy = "keep" | "dropOldest";

export interface LaneOptions {
  /** Events held before the policy applies; 1 to 2^20. */
  readonly capacity: number;
  readonly whenFull: FullPolicy;
}

const NOT_WAITING = -1;

/** Counts of one lane since the start. */
export interface LaneCounters {
  dispatched: number;
  dropped: number;
  conflated: number;
  /** Most events that ever waited at once. */
  maxDepth: number;
}

/**
 * One queue of the bus. An event with a conflation key replaces a waiting one of the same key, in its place: the newest
 * state, at the time the first change was due.
 *
 *      head                tail
 *       v                   v
 * [ . . q1 t1 b1 t2 q2 . . . ]     position & mask = slot; `#waiting[key]` is the position of the waiting event of a key
 */
export class Lane<T> {
  readonly #capacity: number;
  readonly #whenFull: FullPolicy;
  #waiting = new Float64Array(64).fill(NOT_WAITING); // positions grow for ever, so not 32 bits; indexed by key, keys are small
  readonly counters: LaneCounters = { dispatched: 0, dropped: 0, conflated: 0, maxDepth: 0 };
  #slots: (T | undefined)[];
  #keys: Int32Array;
  #queuedNs: Float64Array; // when the event of each slot was pushed
  #mask: number;
  #head = 0;
  #tail = 0;
  /** When the event last shifted was pushed, on the clock that `push` was given. */
  lastQueuedNs = 0;

  /** @throws {InvalidInputError} When `capacity` is out of range. */
  constructor({ capacity, whenFull }: LaneOptions) {
    this.#capacity = integerInRange("capacity", capacity, 1, 2 ** 20);
    this.#whenFull = whenFull;
    const size = 2 ** Math.ceil(Math.log2(capacity));
    this.#slots = new Array<T | undefined>(size).fill(undefined);
    this.#keys = new Int32Array(size).fill(-1);
    this.#queuedNs = new Float64Array(size);
    this.#mask = size - 1;
  }

  get depth(): number {
    return this.#tail - this.#head;
  }

  /**
   * Queues `event`.
   *
   * @param key Conflation key, a small number from 0; -1 for an event that stands for itself.
   * @param nowNs Monotonic time of this call.
   * @returns False when the lane was over its bound: something was dropped, or the lane has grown.
   */
  push(event: T, key: number, nowNs: number): boolean {
    if (key >= 0) {
      if (key >= this.#waiting.length) this.#makeRoomFor(key);
      const position = this.#waiting[key]!;
      if (position !== NOT_WAITING) {
        this.#slots[position & this.#mask] = event;
        this.#queuedNs[position & this.#mask] = nowNs;
        this.counters.conflated++;
        return true;
      }
    }
    let withinBound = true;
    if (this.depth >= this.#capacity) {
      withinBound = false;
      if (this.#whenFull === "dropOldest") {
        this.#take();
        this.counters.dropped++;
      } else if (this.depth > this.#mask) this.#grow();
    }
    const slot = this.#tail & this.#mask;
    this.#slots[slot] = event;
    this.#keys[slot] = key;
    this.#queuedNs[slot] = nowNs;
    if (key >= 0) this.#waiting[key] = this.#tail;
    this.#tail++;
    if (this.depth > this.counters.maxDepth) this.counters.maxDepth = this.depth;
    return withinBound;
  }

  /** Removes and returns the oldest event; undefined when there is none. */
  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    this.counters.dispatched++;
    this.lastQueuedNs = this.#queuedNs[this.#head & this.#mask]!;
    return this.#take();
  }

  #take(): T | undefined {
    const slot = this.#head++ & this.#mask;
    const event = this.#slots[slot];
    this.#slots[slot] = undefined;
    const key = this.#keys[slot]!;
    if (key >= 0) this.#waiting[key] = NOT_WAITING;
    return event;
  }

  #makeRoomFor(key: number): void {
    const waiting = new Float64Array(2 ** Math.ceil(Math.log2(key + 1))).fill(NOT_WAITING);
    waiting.set(this.#waiting);
    this.#waiting = waiting;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    const slots = new Array<T | undefined>(size).fill(undefined);
    const keys = new Int32Array(size).fill(-1);
    const queuedNs = new Float64Array(size);
    for (let position = this.#head; position < this.#tail; position++) {
      slots[position & (size - 1)] = this.#slots[position & this.#mask];
      keys[position & (size - 1)] = this.#keys[position & this.#mask]!;
      queuedNs[position & (size - 1)] = this.#queuedNs[position & this.#mask]!;
    }
    this.#slots = slots;
    this.#keys = keys;
    this.#queuedNs = queuedNs;
    this.#mask = size - 1;
  }
}
