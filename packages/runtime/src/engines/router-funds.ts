import type { Instrument, OrderBook, Side } from "@pitlane/sdk";
import type { Intent } from "../orders/order.ts";
import { spentAsset, spentUnits } from "./reservations.ts";
import { affordableLots, heldLots, isOrderSize } from "./trade-costs.ts";

/** What an order on one venue is to be paid with. */
interface Purse {
  /** What it may spend, in the smallest unit of the asset that it spends. */
  readonly freeUnits: bigint;
  /** Put aside for a purchase besides price x size, in parts of a million: of `feePartsOf`. */
  readonly feeParts: bigint;
}

/** The order as far as its size goes. */
interface Wanted {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  readonly side: Side;
  /** What the book has of it within its limit, and the venue takes in one order; in lots, above 0. */
  readonly mostLots: number;
  /** The price to send for a piece that reaches down to a level of the book, both in ticks. */
  readonly sentTicks: (levelTicks: number) => number;
}

/** What an account can carry of an order. */
export interface Carried {
  /** Most lots, 0 to `mostLots`; below `mostLots` a multiple of the venue's step. */
  readonly lots: number;
  /** Some size within `lots` is one that the venue takes; always so where it can carry `mostLots`. */
  readonly isOrder: boolean;
}

/**
 * What an account can carry of an order that takes, as the risk vote on it will see it: a sale its size, a purchase the price it is sent with
 * x its size and the fee that is put aside. A larger purchase reaches deeper and is sent with a worse price, so that all of it is dearer:
 *
 *     asks   10.00 x 5   10.10 x 5   free 80: 5 lots at 10.00, and 7 at 10.10
 *
 * Exact, in whole units; pure. It looks at as many levels as the order takes, and at one where it can carry all.
 */
export function carriedBy({ freeUnits, feeParts }: Purse, wanted: Wanted, worstTicks: number): Carried {
  const { instrument, book, side, mostLots, sentTicks } = wanted;
  const isBuy = side === "buy";
  const most = (ticks: number) => {
    if (freeUnits <= 0n) return 0;
    if (!isBuy) return heldLots(instrument, freeUnits);
    return ticks > 0 ? affordableLots(instrument, ticks, freeUnits, feeParts) : 0; // 0 where the limit is below the venue's step
  };
  if (most(sentTicks(worstTicks)) >= mostLots) return { lots: mostLots, isOrder: true };
  let lots = 0;
  let isOrder = false;
  let aboveLots = 0; // that better levels have
  for (let depth = 0; aboveLots < mostLots; depth++) {
    const ticks = isBuy ? book.askTicksAt(depth) : book.bidTicksAt(depth);
    if (Number.isNaN(ticks)) break;
    const reachedLots = Math.min(mostLots, aboveLots + (isBuy ? book.askLotsAt(depth) : book.bidLotsAt(depth)));
    const wholeLots = inSteps(instrument, reachedLots);
    const priceTicks = sentTicks(ticks);
    const carriedLots = Math.min(most(priceTicks), wholeLots);
    if (carriedLots > aboveLots) {
      lots = carriedLots;
      isOrder ||= isOrderSize(instrument, priceTicks, carriedLots);
    }
    if (carriedLots < wholeLots) return { lots, isOrder }; // no deeper level costs less
    aboveLots = reachedLots;
  }
  return { lots: mostLots, isOrder: true };
}

/** What may be spent of an asset at a venue; undefined where the account sets no bound. */
export type FreeUnits = (venue: string, asset: string) => bigint | undefined;

/**
 * What wishes that risk was not asked about yet would spend of an asset at a venue, in its smallest unit: two routes of one hook must not
 * count on the same money. An order counts with the most that a buy is taken to pay, and with nothing while that is not known.
 *
 * @param feeParts Of `feePartsOf`.
 */
export function wishedUnits(
  wishes: Iterable<Intent>,
  venue: string,
  asset: string,
  feeParts: bigint,
  mostPaid: (intent: Intent) => number | undefined,
): bigint {
  let units = 0n;
  for (const intent of wishes) {
    const { instrument, side, sizeLots } = intent;
    if (instrument.venue !== venue || spentAsset(intent) !== asset) continue;
    const priceTicks = side === "sell" ? 0 : mostPaid(intent);
    // A wish whose numbers are not whole is denied for it, and spends nothing.
    if (!Number.isSafeInteger(priceTicks) || !Number.isSafeInteger(sizeLots) || sizeLots <= 0) continue;
    units += spentUnits(instrument, side, priceTicks!, sizeLots, feeParts);
  }
  return units;
}

function inSteps({ lotIncrement }: Instrument, lots: number): number {
  return Math.floor(lots / lotIncrement) * lotIncrement;
}
