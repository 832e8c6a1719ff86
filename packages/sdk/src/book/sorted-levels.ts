/**
 * Levels of a book's side by key, in two arrays with the greatest key last.
 *
 *   keys   | 98 | 99 | 100 |        |   the best is at count - 1
 *   lots   |  5 |  1 |   7 |        |
 *
 * Most changes are near the best one, so an insert or removal there moves few elements, or none. Found by binary search.
 */
export class SortedLevels {
  #keys = new Float64Array(64);
  #lots = new Float64Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Key at `index` of 0 to count - 1. */
  keyAt(index: number): number {
    return this.#keys[index] as number;
  }

  /** Size at `index` of 0 to count - 1. */
  lotsAt(index: number): number {
    return this.#lots[index] as number;
  }

  /** Puts `lots` at `key`; 0 removes it. */
  set(key: number, lots: number): void {
    const keys = this.#keys;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    const isThere = low < this.#count && keys[low] === key;
    if (lots !== 0) {
      if (!isThere) this.#insert(low, key);
      this.#lots[low] = lots;
    } else if (isThere) this.#remove(low);
  }

  /** Adds a level whose key is greater than all. */
  push(key: number, lots: number): void {
    if (this.#count === this.#keys.length) this.#grow();
    this.#keys[this.#count] = key;
    this.#lots[this.#count++] = lots;
  }

  /** Drops the level of the greatest key. */
  pop(): void {
    this.#count--;
  }

  clear(): void {
    this.#count = 0;
  }

  #insert(index: number, key: number): void {
    if (this.#count === this.#keys.length) this.#grow();
    const keys = this.#keys;
    const lots = this.#lots;
    if (this.#count - index <= 32) {
      // A call of copyWithin costs more than moving so few.
      for (let i = this.#count; i > index; i--) {
        keys[i] = keys[i - 1] as number;
        lots[i] = lots[i - 1] as number;
      }
    } else {
      keys.copyWithin(index + 1, index, this.#count);
      lots.copyWithin(index + 1, index, this.#count);
    }
    keys[index] = key;
    this.#count++;
  }

  #remove(index: number): void {
    const keys = this.#keys;
    const lots = this.#lots;
    const last = --this.#count;
    if (last - index <= 32) {
      for (let i = index; i < last; i++) {
        keys[i] = keys[i + 1] as number;
        lots[i] = lots[i + 1] as number;
      }
    } else {
      keys.copyWithin(index, index + 1, last + 1);
      lots.copyWithin(index, index + 1, last + 1);
    }
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    const lots = new Float64Array(this.#lots.length * 2);
    keys.set(this.#keys);
    lots.set(this.#lots);
    this.#keys = keys;
    this.#lots = lots;
  }
}
