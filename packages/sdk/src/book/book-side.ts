/**
 * One side of a book: levels sorted so that the best one is last.
 *
 *   bids (direction 1)     ticks  | 98 | 99 | 100 |        |   keys grow to the right, the best is at count - 1
 *                          lots   |  5 |  1 |   7 |        |
 *   asks (direction -1)    ticks  | 103 | 102 | 101 |      |   the same, of negated prices
 *
 * Most changes are near the top, so an insert or removal there moves few elements, or none.
 */
export class BookSide {
  readonly #direction: 1 | -1;
  #ticks = new Float64Array(64);
  #lots = new Float64Array(64);
  #count = 0;

  constructor(direction: 1 | -1) {
    this.#direction = direction;
  }

  get count(): number {
    return this.#count;
  }

  ticksAt(depth: number): number {
    const index = this.#count - 1 - depth;
    return index >= 0 && depth >= 0 ? (this.#ticks[index] as number) : Number.NaN;
  }

  lotsAt(depth: number): number {
    const index = this.#count - 1 - depth;
    return index >= 0 && depth >= 0 ? (this.#lots[index] as number) : 0;
  }

  set(ticks: number, lots: number): void {
    const index = this.#find(ticks);
    const isThere = index < this.#count && this.#ticks[index] === ticks;
    if (lots !== 0) {
      if (!isThere) this.#insert(index, ticks);
      this.#lots[index] = lots;
    } else if (isThere) {
      this.#ticks.copyWithin(index, index + 1, this.#count);
      this.#lots.copyWithin(index, index + 1, this.#count);
      this.#count--;
    }
  }

  clear(): void {
    this.#count = 0;
  }

  /** Index of `ticks`, or of the first better price: where it belongs. */
  #find(ticks: number): number {
    const direction = this.#direction;
    const all = this.#ticks;
    const key = ticks * direction;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((all[middle] as number) * direction < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(index: number, ticks: number): void {
    if (this.#count === this.#ticks.length) this.#grow();
    this.#ticks.copyWithin(index + 1, index, this.#count);
    this.#lots.copyWithin(index + 1, index, this.#count);
    this.#ticks[index] = ticks;
    this.#count++;
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
