import { BookSide } from "./book-side.ts";
import type { Levels } from "./levels.ts";

/** Side of a book. */
export type BookSideName = "bid" | "ask";

/**
 * An order book by price: for each price the size that rests there.
 *
 * Prices are whole ticks, sizes whole lots (see `Instrument`). Depth 0 is the best level. An empty side has a best price of
 * NaN, which no comparison is true of, and a best size of 0. Nothing is allocated by an update unless a side outgrows its
 * arrays. No bound on the number of levels: the venue's snapshot limit and price filters bound it in practice.
 *
 * @example
 * const book = new OrderBook();
 * book.set("bid", 6_125, 40);
 * book.set("ask", 6_126, 15);
 * book.bestAskTicks - book.bestBidTicks; // 1
 */
export class OrderBook {
  readonly #bids = new BookSide(1);
  readonly #asks = new BookSide(-1);

  get bidLevels(): number {
    return this.#bids.count;
  }

  get askLevels(): number {
    return this.#asks.count;
  }

  /** Highest bid, in ticks; NaN when there is none. */
  get bestBidTicks(): number {
    return this.#bids.ticksAt(0);
  }

  /** Size at the highest bid, in lots; 0 when there is none. */
  get bestBidLots(): number {
    return this.#bids.lotsAt(0);
  }

  /** Lowest ask, in ticks; NaN when there is none. */
  get bestAskTicks(): number {
    return this.#asks.ticksAt(0);
  }

  /** Size at the lowest ask, in lots; 0 when there is none. */
  get bestAskLots(): number {
    return this.#asks.lotsAt(0);
  }

  /** Price of the bid at `depth`, in ticks; NaN beyond the last level. */
  bidTicksAt(depth: number): number {
    return this.#bids.ticksAt(depth);
  }

  /** Size of the bid at `depth`, in lots; 0 beyond the last level. */
  bidLotsAt(depth: number): number {
    return this.#bids.lotsAt(depth);
  }

  /** Price of the ask at `depth`, in ticks; NaN beyond the last level. */
  askTicksAt(depth: number): number {
    return this.#asks.ticksAt(depth);
  }

  /** Size of the ask at `depth`, in lots; 0 beyond the last level. */
  askLotsAt(depth: number): number {
    return this.#asks.lotsAt(depth);
  }

  /** Puts `lots` at `ticks`, in place of what was there; 0 removes the level. Removing an absent one is normal and does nothing. */
  set(side: BookSideName, ticks: number, lots: number): void {
    (side === "bid" ? this.#bids : this.#asks).set(ticks, lots);
  }

  /** As `set` for every level of a list; of two for the same price the later one stays. */
  setAll(side: BookSideName, levels: Levels): void {
    const of = side === "bid" ? this.#bids : this.#asks;
    for (let i = 0; i < levels.count; i++) of.set(levels.ticksAt(i), levels.lotsAt(i));
  }

  /** Replaces a whole side by the levels of a snapshot, given best first. */
  load(side: BookSideName, levels: Levels): void {
    const of = side === "bid" ? this.#bids : this.#asks;
    of.clear();
    // Worst first: each level then lands at the end of the arrays, and 5,000 of them move nothing.
    for (let i = levels.count - 1; i >= 0; i--) of.set(levels.ticksAt(i), levels.lotsAt(i));
  }

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
  }

  /** Calls `visit` for every level of a side, best first. The book must not change meanwhile. */
  forEachLevel(side: BookSideName, visit: (ticks: number, lots: number) => void): void {
    const of = side === "bid" ? this.#bids : this.#asks;
    for (let depth = 0; depth < of.count; depth++) visit(of.ticksAt(depth), of.lotsAt(depth));
  }
}
