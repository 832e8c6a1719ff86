/**
 * A window of consecutive keys with a size for each: a bare tick ladder.
 *
 *   lots   | 0 | 5 | 0 | 0 | 1 | 7 | 0 | 0 |   lots[key - base]; 0 where there is no level
 *   bits   | 0   1   0   0   1   1   0   0 |   one for each key, 32 to a word: the next level is found a word at a time
 *                              top               the greatest key that has a level
 *
 * A change costs the same wherever in the window it is. Memory: 8.125 bytes a key.
 */
export class Ladder {
  readonly #size: number;
  readonly #lots: Float64Array;
  readonly #bits: Int32Array;
  #base = 0;
  #count = 0;
  #top = -1;
  #askedRank = -1; // last rank asked for since the last change, and its index
  #askedIndex = -1;

  /** @param size Keys in the window; a multiple of 32. */
  constructor(size: number) {
    this.#size = size;
    this.#lots = new Float64Array(size);
    this.#bits = new Int32Array(size >>> 5);
  }

  get count(): number {
    return this.#count;
  }

  /** First key of the window. */
  get base(): number {
    return this.#base;
  }

  /** Index of the greatest key that has a level; -1 when there is none. */
  get top(): number {
    return this.#top;
  }

  lotsAt(index: number): number {
    return this.#lots[index] as number;
  }

  /** Puts the window of an empty ladder elsewhere. */
  moveTo(base: number): void {
    this.#base = base;
  }

  /** Puts `lots` at `key`, 0 for none. False, and nothing done, when the key is outside the window. */
  trySet(key: number, lots: number): boolean {
    const offset = key - this.#base;
    if (!(offset >= 0 && offset < this.#size)) return false;
    const index = offset | 0;
    // Whether the level was there is counted rather than asked: half of the time a branch on it would be foretold wrongly.
    const bits = this.#bits;
    const word = index >>> 5;
    const old = bits[word] as number;
    const was = (old >>> index) & 1; // a shift takes the low five bits of its count by itself
    this.#lots[index] = lots;
    this.#askedRank = -1;
    if (lots !== 0) {
      bits[word] = old | (1 << index);
      this.#count += was ^ 1;
      if (index > this.#top) this.#top = index;
    } else {
      bits[word] = old & ~(1 << index);
      this.#count -= was;
      if (index === this.#top) this.#top = this.below(index);
    }
    return true;
  }

  /** Index of the next level below `index`; -1 when there is none. */
  below(index: number): number {
    const bits = this.#bits;
    let word = index >>> 5;
    let found = (bits[word] as number) & ((1 << index) - 1);
    while (found === 0) {
      if (word === 0) return -1;
      found = bits[--word] as number;
    }
    return (word << 5) + 31 - Math.clz32(found);
  }

  /** Index of the level that has `rank` levels above it, of 0 to count - 1. Going down one by one costs no search. */
  atRank(rank: number): number {
    let index = this.#top;
    let left = rank;
    if (this.#askedRank >= 0 && rank >= this.#askedRank) {
      index = this.#askedIndex;
      left = rank - this.#askedRank;
    }
    index = left < 4 ? this.#stepDown(index, left) : this.#skipDown(index, left);
    this.#askedRank = rank;
    this.#askedIndex = index;
    return index;
  }

  #stepDown(index: number, levels: number): number {
    for (let left = levels; left > 0; left--) index = this.below(index);
    return index;
  }

  #skipDown(index: number, levels: number): number {
    const bits = this.#bits;
    let left = levels;
    let word = index >>> 5;
    let found = (bits[word] as number) & ((2 << index) - 1); // 2 << 31 is 0: all bits
    for (let inWord = bitCount(found); left >= inWord; inWord = bitCount(found)) {
      left -= inWord;
      found = bits[--word] as number;
    }
    for (; left > 0; left--) found &= ~(1 << (31 - Math.clz32(found)));
    return (word << 5) + 31 - Math.clz32(found);
  }

  /** Takes every level out, from the smallest key on, and hands it to `into` where one is given. */
  drain(into?: { push(key: number, lots: number): void }): void {
    const bits = this.#bits;
    // By the bits rather than with fill(0): memory of a quiet book that was never written to need not exist.
    const end = this.#top < 0 ? 0 : (this.#top >>> 5) + 1;
    for (let word = 0; word < end; word++) {
      for (let found = bits[word] as number; found !== 0; found &= found - 1) {
        const index = (word << 5) + 31 - Math.clz32(found & -found);
        into?.push(this.#base + index, this.#lots[index] as number);
        this.#lots[index] = 0;
      }
      bits[word] = 0;
    }
    this.#count = 0;
    this.#top = -1;
    this.#askedRank = -1;
  }
}

function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
