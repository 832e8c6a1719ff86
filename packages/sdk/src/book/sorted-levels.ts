/**
 * Levels of a book's side by key, in two arrays with the greatest key last.
 *
 *   keys   | 98 | 99 | 100 |        |   the best is at length - 1, and is never an empty one
 *   lots   |  5 |  0 |   7 |        |   99 has no level any more, and keeps its slot
 *
 * A level that goes leaves its slot empty: most come back at the same price, and then nothing moves. Empty slots are closed when they
 * are more than a third, or when a level is asked for by its index.
 */
export class SortedLevels {
  #keys = new Float64Array(64);
  #lots = new Float64Array(64);
  #length = 0; // slots in use, empty ones among them
  #count = 0; // levels

  get count(): number {
    return this.#count;
  }

  /** Key at `index` of 0 to count - 1. */
  keyAt(index: number): number {
    return this.#keys[this.#slotOf(index)] as number;
  }

  /** Size at `index` of 0 to count - 1. */
  lotsAt(index: number): number {
    return this.#lots[this.#slotOf(index)] as number;
  }

  /** Puts `lots` at `key`; 0 removes it. */
  set(key: number, lots: number): void {
    const slot = this.#find(key);
    if (this.#keys[slot] !== key || slot === this.#length) {
      if (lots !== 0) this.#insert(slot, key, lots);
      return;
    }
    // Counted rather than asked, as in `Ladder`: neither answer can be foretold.
    this.#count += (this.#lots[slot] === 0 ? 1 : 0) - (lots === 0 ? 1 : 0);
    this.#lots[slot] = lots;
    if (slot === this.#length - 1) this.#trim();
    else if (3 * this.#count < 2 * this.#length - 64) this.#close();
  }

  /** Adds a level whose key is greater than all. */
  push(key: number, lots: number): void {
    if (this.#length === this.#keys.length) this.#grow();
    this.#keys[this.#length] = key;
    this.#lots[this.#length++] = lots;
    this.#count++;
  }

  /** Drops the level of the greatest key. */
  pop(): void {
    this.#length--;
    this.#count--;
    this.#trim();
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /**
   * The first slot whose key is not below `key`. Without a branch on what is compared, as half of them would be foretold wrongly; and in
   * quarters, whose three reads wait for one another no longer than the one read of a half would.
   */
  #find(key: number): number {
    const keys = this.#keys;
    let slot = 0;
    let left = this.#length;
    while (left >= 4) {
      const quarter = left >>> 2;
      const at = slot + quarter - 1;
      const isBelow = +((keys[at] as number) < key);
      const isBelow2 = +((keys[at + quarter] as number) < key);
      const isBelow3 = +((keys[at + 2 * quarter] as number) < key);
      slot += (isBelow + isBelow2 + isBelow3) * quarter;
      left = quarter + (left & 3 & -isBelow3); // the last quarter has what is over
    }
    while (left > 0) {
      slot += +((keys[slot] as number) < key);
      left--;
    }
    return slot;
  }

  #slotOf(index: number): number {
    if (index === this.#count - 1) return this.#length - 1;
    if (this.#count < this.#length) this.#close();
    return index;
  }

  #insert(slot: number, key: number, level: number): void {
    const keys = this.#keys;
    const lots = this.#lots;
    // An empty slot on either side will do for the new key, which lies between theirs.
    const free = slot > 0 && lots[slot - 1] === 0 ? slot - 1 : slot;
    if (free < this.#length && lots[free] === 0) {
      keys[free] = key;
      lots[free] = level;
      this.#count++;
      return;
    }
    if (this.#length === keys.length) {
      this.#grow();
      return this.#insert(slot, key, level);
    }
    if (this.#length - slot <= 32) {
      // A call of copyWithin costs more than moving so few.
      for (let i = this.#length; i > slot; i--) {
        keys[i] = keys[i - 1] as number;
        lots[i] = lots[i - 1] as number;
      }
    } else {
      keys.copyWithin(slot + 1, slot, this.#length);
      lots.copyWithin(slot + 1, slot, this.#length);
    }
    keys[slot] = key;
    lots[slot] = level;
    this.#length++;
    this.#count++;
  }

  /** Gives up empty slots at the end: the best is asked for most. */
  #trim(): void {
    while (this.#length > 0 && this.#lots[this.#length - 1] === 0) this.#length--;
  }

  /** Closes the empty slots. */
  #close(): void {
    const keys = this.#keys;
    const lots = this.#lots;
    let count = 0;
    for (let slot = 0; slot < this.#length; slot++) {
      const level = lots[slot] as number;
      if (level === 0) continue;
      keys[count] = keys[slot] as number;
      lots[count++] = level;
    }
    this.#length = count;
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
