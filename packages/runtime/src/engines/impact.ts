import type { OrderBook, Side } from "@pitlane/sdk";
import { TickLots } from "./tick-lots.ts";

/** Impact of an order as large as the mean trade, or larger, in basis points. */
const MOST_IMPACT_BPS = 10;

/**
 * How far an order is likely to move the market, in basis points: its size over the mean size of the latest trades, at most 1, times 10.
 *
 * A rule of thumb that needs no book: it says nothing of the depth there is now, which `walkTheBook` does.
 *
 * @param sizeLots Size of the order, in lots, above 0.
 * @param meanTradeLots Mean size of a trade, in lots; NaN when none is known, and then the impact is NaN too.
 * @example
 * marketImpactBps(50, 200); // 2.5
 * marketImpactBps(900, 200); // 10
 */
export function marketImpactBps(sizeLots: number, meanTradeLots: number): number {
  const share = sizeLots / meanTradeLots;
  return Math.min(share, 1) * MOST_IMPACT_BPS;
}

/** What an order would get from a book as it is now. */
export interface BookWalk {
  /** What there is for it, in lots: less than its size where the book is too thin. */
  readonly filledLots: number;
  /** Price x size over all levels it takes from, in ticks x lots, exact; `tickLotsToUnits` makes an amount of it. */
  readonly notional: bigint;
  /** Mean price, in ticks; NaN when nothing is filled. For people and scores: round it before a price is made of it. */
  readonly averageTicks: number;
  /** Price of the last level it takes from, in ticks; NaN when nothing is filled. */
  readonly worstTicks: number;
}

/**
 * Walks a book as a taking order would: best level first, until the order is filled or the side is empty. Pure; the book stays as it is.
 *
 * @param side Of the order: a buy takes asks.
 * @param sizeLots In lots, above 0.
 * @param limitTicks The worst price it may pay or accept; none when left out.
 * @example
 * walkTheBook(book, "buy", 50); // { filledLots: 50, notional: 306_280n, averageTicks: 6125.6, worstTicks: 6126 }
 */
export function walkTheBook(book: OrderBook, side: Side, sizeLots: number, limitTicks?: number): BookWalk {
  const isBuy = side === "buy";
  const limit = limitTicks ?? (isBuy ? Number.POSITIVE_INFINITY : 0);
  const notional = new TickLots();
  let leftLots = sizeLots;
  let takenLots = 0; // not worked out from `leftLots`: far beyond 2^53 a size less a book's lots is the same number
  let worstTicks = Number.NaN;
  for (let depth = 0; leftLots > 0; depth++) {
    const ticks = isBuy ? book.askTicksAt(depth) : book.bidTicksAt(depth);
    const isReached = isBuy ? ticks <= limit : ticks >= limit; // no comparison is true of the NaN beyond the last level
    if (!isReached) break;
    const lots = isBuy ? book.askLotsAt(depth) : book.bidLotsAt(depth);
    const levelLots = Math.min(lots, leftLots);
    notional.add(ticks, levelLots);
    leftLots -= levelLots;
    takenLots += levelLots;
    worstTicks = ticks;
  }
  const filledLots = leftLots === 0 ? sizeLots : takenLots;
  return { filledLots, notional: notional.value, averageTicks: notional.approximate / filledLots, worstTicks };
}
