import { Ladder } from "./ladder.ts";
import type { Levels } from "./levels.ts";
import { SortedLevels } from "./sorted-levels.ts";

/**
 * One side of a book: a ladder around the touch, and sorted levels beyond it on either side.
 *
 *   key     |....... below .......|============ window ============|... above ...|
 *                                                     ^ the best, where it was at the last move
 *
 * Keys are ticks for bids and negated ticks for asks, so that the best is the greatest. Nearly all changes fall into the window,
 * where one costs a few nanoseconds; the others cost a binary search. `above` is empty but for a market on the move.
 *
 * The window moves when changes that a window around the best of now would hold keep missing it. A move costs a few ns for every
 * level in the old and new window, and must have been paid for by as many misses divided by four, so that no sequence of changes
 * makes it dear; the levels between are never copied.
 */
export class BookSide {
  readonly #sign: 1 | -1;
  readonly #size: number;
  readonly #reach: number;
  readonly #below = new SortedLevels();
  readonly #above = new SortedLevels();
  #window: Ladder | undefined; // made by the first level: a book that is never filled costs nothing
  #misses = 0;

  /** @param windowTicks Ticks in the window; a multiple of 32. */
  constructor(side: "bid" | "ask", windowTicks: number) {
    this.#sign = side === "bid" ? 1 : -1;
    this.#size = windowTicks;
    this.#reach = windowTicks - (windowTicks >>> 2); // a quarter is left for a best that rises
  }

  get count(): number {
    const window = this.#window;
    return window === undefined ? 0 : window.count + this.#below.count + this.#above.count;
  }

  /** Best price in ticks; NaN when there is none. */
  get bestTicks(): number {
    const window = this.#window;
    if (window === undefined) return Number.NaN;
    if (window.top >= 0 && this.#above.count === 0) return this.#toTicks(window.base + window.top);
    return this.ticksAt(0);
  }

  /** Size at the best price; 0 when there is none. */
  get bestLots(): number {
    const window = this.#window;
    if (window === undefined) return 0;
    if (window.top >= 0 && this.#above.count === 0) return window.lotsAt(window.top);
    return this.lotsAt(0);
  }

  ticksAt(depth: number): number {
    const window = this.#window;
    if (window === undefined || !(depth >= 0)) return Number.NaN;
    let rank = depth - this.#above.count;
    if (rank < 0) return this.#toTicks(this.#above.keyAt(this.#above.count - 1 - depth));
    if (rank < window.count) return this.#toTicks(window.base + window.atRank(rank));
    rank -= window.count;
    return rank < this.#below.count ? this.#toTicks(this.#below.keyAt(this.#below.count - 1 - rank)) : Number.NaN;
  }

  lotsAt(depth: number): number {
    const window = this.#window;
    if (window === undefined || !(depth >= 0)) return 0;
    let rank = depth - this.#above.count;
    if (rank < 0) return this.#above.lotsAt(this.#above.count - 1 - depth);
    if (rank < window.count) return window.lotsAt(window.atRank(rank));
    rank -= window.count;
    return rank < this.#below.count ? this.#below.lotsAt(this.#below.count - 1 - rank) : 0;
  }

  set(ticks: number, lots: number): void {
    const key = ticks * this.#sign;
    const window = this.#window;
    if (window === undefined || !window.trySet(key, lots)) this.#setOutside(key, lots);
  }

  /** Replaces the side by a list of levels, given best first. */
  load(levels: Levels): void {
    this.clear();
    if (levels.count === 0) return;
    const window = this.#placeWindow(levels.ticksAt(0) * this.#sign);
    // Worst first: each level beyond the window then lands at the end of its array, and 5,000 of them move nothing.
    for (let i = levels.count - 1; i >= 0; i--) {
      const key = levels.ticksAt(i) * this.#sign;
      const lots = levels.lotsAt(i);
      if (!window.trySet(key, lots)) (key < window.base ? this.#below : this.#above).set(key, lots);
    }
  }

  clear(): void {
    this.#window?.drain();
    this.#below.clear();
    this.#above.clear();
    this.#misses = 0;
  }

  forEach(visit: (ticks: number, lots: number) => void): void {
    const window = this.#window;
    if (window === undefined) return;
    for (let i = this.#above.count - 1; i >= 0; i--) visit(this.#toTicks(this.#above.keyAt(i)), this.#above.lotsAt(i));
    for (let i = window.top; i >= 0; i = window.below(i)) visit(this.#toTicks(window.base + i), window.lotsAt(i));
    for (let i = this.#below.count - 1; i >= 0; i--) visit(this.#toTicks(this.#below.keyAt(i)), this.#below.lotsAt(i));
  }

  #setOutside(key: number, lots: number): void {
    const window = this.#window;
    const above = this.#above;
    if (window === undefined || this.count === 0) {
      if (lots !== 0) this.#placeWindow(key).trySet(key, lots);
      return;
    }
    if (key < window.base) this.#below.set(key, lots);
    else above.set(key, lots);
    const best = window.top >= 0 && above.count === 0 ? window.base + window.top : this.ticksAt(0) * this.#sign;
    if (!(key >= best - this.#reach)) return;
    if (++this.#misses >= 32 + (window.count >>> 2)) this.#moveWindow(window, best);
  }

  /** Puts the window of an empty side around `best`. */
  #placeWindow(best: number): Ladder {
    this.#window ??= new Ladder(this.#size);
    this.#window.moveTo(best - this.#reach);
    return this.#window;
  }

  #moveWindow(window: Ladder, best: number): void {
    const below = this.#below;
    const above = this.#above;
    this.#misses = 0;
    // All in one line, each part greater than the one before.
    window.drain(below);
    for (let i = 0; i < above.count; i++) below.push(above.keyAt(i), above.lotsAt(i));
    above.clear();
    window.moveTo(best - this.#reach);
    for (let last = below.count - 1; last >= 0 && window.trySet(below.keyAt(last), below.lotsAt(last)); last--)
      below.pop();
  }

  #toTicks(key: number): number {
    return this.#sign > 0 ? key : 0 - key; // not `-key`, which would make -0 of an ask at 0
  }
}
