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

  constructor(capacity = 16) {
    this.#ticks = new Float64Array(capacity);
    this.#lots = new Float64Array(capacity);
  }

  /**
   * A list in these arrays, for a reader that writes into them itself.
   * @internal
   */
  static over(ticks: Float64Array, lots: Float64Array): Levels {
    const levels = new Levels(0);
    levels.#ticks = ticks;
    levels.#lots = lots;
    return levels;
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
    const copy = new Levels(Math.max(1, this.#count));
    copy.#ticks.set(this.#ticks.subarray(0, this.#count));
    copy.#lots.set(this.#lots.subarray(0, this.#count));
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
