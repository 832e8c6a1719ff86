import { InvalidInputError, integerInRange } from "../errors.ts";
import { Ring } from "./ring.ts";

const TOP_BIT = 1 << 31; // stands for lane 0, so that the leading zeros of the bits are the number of the first lane in use

/**
 * Up to 32 bounded queues, of which the most urgent that holds anything is served first.
 *
 * Lane 0 is the most urgent. Within a lane, first in is first out. Priority is strict: a lane waits for as long as an earlier
 * one has items; where that may starve, give each lane a share with `shiftFrom` instead.
 *
 *   lane 0   [ ]        bit 31  0
 *   lane 1   [ c d ]    bit 30  1   <- leading zeros of the bits = 1: serve lane 1
 *   lane 2   [ e ]      bit 29  1
 *
 * @example
 * const lanes = new PriorityLanes<string>([100, 1_000, 10_000, 10_000]);
 * lanes.tryPush(2, "market data");
 * lanes.tryPush(0, "stop");
 * lanes.shift(); // "stop"
 */
export class PriorityLanes<T> {
  readonly #lanes: readonly Ring<T>[];
  #inUse = 0; // bit 31 - n is set while lane n holds anything

  /**
   * @param capacities Most items of each lane, most urgent first: 1 to 32 lanes, 1 to 2^24 items each.
   * @throws {InvalidInputError} When there are no lanes or too many, or a capacity is out of range.
   */
  constructor(capacities: readonly number[]) {
    integerInRange("number of lanes", capacities.length, 1, 32);
    this.#lanes = capacities.map((capacity) => new Ring<T>(capacity));
  }

  /** Items of all lanes. */
  get size(): number {
    let size = 0;
    for (const lane of this.#lanes) size += lane.size;
    return size;
  }

  /** Items of one lane. @throws {InvalidInputError} When there is no such lane. */
  sizeOf(lane: number): number {
    return this.#laneAt(lane).size;
  }

  /**
   * Appends `item` to `lane`, or returns false and changes nothing when that lane is full.
   *
   * @throws {InvalidInputError} When there is no such lane.
   */
  tryPush(lane: number, item: T): boolean {
    if (!this.#laneAt(lane).tryPush(item)) return false;
    this.#inUse |= TOP_BIT >>> lane;
    return true;
  }

  /** Removes and returns the oldest item of the most urgent lane that has one; undefined when all are empty. */
  shift(): T | undefined {
    return this.#inUse === 0 ? undefined : this.shiftFrom(Math.clz32(this.#inUse));
  }

  /**
   * Removes and returns the oldest item of `lane`; undefined when it is empty.
   *
   * @throws {InvalidInputError} When there is no such lane.
   */
  shiftFrom(lane: number): T | undefined {
    const ring = this.#laneAt(lane);
    const item = ring.shift();
    if (ring.size === 0) this.#inUse &= ~(TOP_BIT >>> lane);
    return item;
  }

  /** What `shift` would return, left in place. */
  peek(): T | undefined {
    return this.#inUse === 0 ? undefined : this.#laneAt(Math.clz32(this.#inUse)).peek();
  }

  #laneAt(lane: number): Ring<T> {
    const ring = this.#lanes[lane];
    if (ring !== undefined) return ring;
    throw new InvalidInputError(`lane must be a whole number from 0 to ${this.#lanes.length - 1}, got ${String(lane)}`);
  }
}
