import { integerInRange } from "@pitlane/perf";

const MOST_LEVELS = 1e7;

/**
 * A growing list of levels, in the order they came: what a diff or a snapshot brings for one side.
 *
 * Two arrays side by side, so that a level costs no object; they double when full and are reused after `clear`.
 *
 * @example
 * const bids = new Levels();
 * bids.push(6_125, 40);
 * book.setAll("bid", bids);
 */
export class Levels {
  #ticks: Float64Array;
  #lots: Float64Array;
  #count = 0;

  /**
   * @param capacity Levels it holds before it first grows, 1 to 1e7.
   * @param ticks The arrays it is kept in, whatever `capacity` says: given by a reader that writes into them itself.
   * @throws {InvalidInputError} When `capacity` is out of range.
   */
  constructor(
    capacity = 16,
    ticks = new Float64Array(integerInRange("capacity", capacity, 1, MOST_LEVELS)),
    lots = new Float64Array(ticks.length),
  ) {
    this.#ticks = ticks;
    this.#lots = lots;
  }

  get count(): number {
    return this.#count;
  }

  /** Price of level `index`, in ticks. */
  ticksAt(index: number): number {
    return this.#ticks[index] as number;
  }

  /** Size of level `index`, in lots; 0 removes the level. */
  lotsAt(index: number): number {
    return this.#lots[index] as number;
  }

  push(ticks: number, lots: number): void {
    if (this.#count === this.#ticks.length) this.#grow();
    this.#ticks[this.#count] = ticks;
    this.#lots[this.#count++] = lots;
  }

  clear(): void {
    this.#count = 0;
  }

  /**
   * Takes the first `count` that stand in its arrays for its levels.
   * @internal
   */
  keep(count: number): void {
    this.#count = count;
  }

  /** A copy that the next `clear` does not touch. */
  copy(): Levels {
    const slots = Math.max(1, this.#count); // it can grow
    const copy = new Levels(slots, this.#ticks.slice(0, slots), this.#lots.slice(0, slots));
    copy.#count = this.#count;
    return copy;
  }

  #grow(): void {
    const ticks = new Float64Array(this.#ticks.length * 2);
    const lots = new Float64Array(this.#lots.length * 2);
    ticks.set(this.#ticks);
    lots.set(this.#lots);
    this.#ticks = ticks;
    this.#lots = lots;
  }
}
