import { OrderBook } from "@pitlane/sdk";
import { makerFill, matchTrade } from "./fill-trades.ts";
import { CANNOT_PAY, type Desk, type Matcher, NO_PRICE, NOT_REACHED, TOO_LITTLE, WOULD_TAKE } from "./matcher.ts";
import type { FillModelOptions } from "./options.ts";
import { aheadAfterChange, type BehindShare, behindShare } from "./queue-model.ts";
import { RestingOrders } from "./resting-orders.ts";
import type { SimOrder } from "./sim-order.ts";
import { TakenLevels } from "./taken-levels.ts";
import { WaitingStops } from "./waiting-stops.ts";

/** What a recorded book leaves out of the real world. */
export const DEPTH_IGNORE: readonly string[] = [
  "Our own effect on the market: nobody reacts to our orders, and strategies see the book as recorded. What a taker of ours had of a level is gone for our next ones until the recording changes that level, which is then whole.",
  "Who came first: what a recorded trade took from the book, up to its price, is gone for our takers until the recording changes those levels, also where hidden orders filled it or others had come again.",
  "Who stands where in a queue: cancellations before us are estimated, by the queue model set.",
  "Hidden orders and icebergs, and levels beyond those recorded.",
  "What happened in gaps of the recording: takers are refused there, orders that rest are filled by trades alone, and a stop that a trade activates there acts when the book is whole again.",
  "Stops of others that are activated together with ours: ours takes from the book as it was recorded at the trade that activates it.",
];

/**
 * Fills orders from a recorded book and its trades, with a place in the queue.
 *
 *     our bid at 100 joins behind the 60 lots shown           ahead 60
 *     a sell of 20 at 100                                     ahead 40
 *     the level goes from 60 to 30: 20 traded, 10 cancelled   ahead 30: nobody had joined behind us
 *     a sell of 50 at 100                                     30 to those before us, 20 to us
 *
 * A trade through its price fills an order by at most the trade's size. A level of the other side at its price or beyond fills it in
 * whole: whoever quotes there would have taken us. Takers walk the book, without what earlier takers of ours and recorded trades have had
 * of it; what is left of an order rests or ends by its time in force. Stops are activated by the last price, that of recorded trades, and then act as any order.
 */
export class DepthMatcher implements Matcher {
  readonly #desk: Desk;
  readonly #behindShare: BehindShare;
  /** The book as the venue has it now, which strategies see later. */
  readonly book: OrderBook = new OrderBook();
  readonly resting: RestingOrders = new RestingOrders();
  readonly stops: WaitingStops = new WaitingStops();
  readonly taken: TakenLevels = new TakenLevels();
  /** Price of the last trade, in ticks, which is to be kept up; NaN before the first. */
  lastTicks: number = Number.NaN;
  #activated: SimOrder[] = []; // while the book was not good: they act when it is
  /** False until the first snapshot is whole, and from a gap to the next one. */
  isGood = false;

  /** @throws {InvalidInputError} When the queue model is none. */
  constructor(desk: Desk, { queue = "proportional" }: FillModelOptions["depth"] = {}) {
    this.#desk = desk;
    this.#behindShare = behindShare(queue);
  }

  takerTicks(isBuy: boolean): number {
    if (!this.isGood) return Number.NaN;
    for (let depth = 0; ; depth++) {
      const ticks = this.#ticksAt(isBuy, depth);
      if (Number.isNaN(ticks) || this.#lotsAt(isBuy, depth) > 0) return ticks;
    }
  }

  arrive(order: SimOrder, atUs: number): void {
    if (order.isWaiting) return this.stops.add(order, this.lastTicks);
    const isTaker = order.takes(this.takerTicks(order.isBuy)) && this.isGood;
    if (order.type === "postOnly") {
      if (isTaker) this.#desk.end(order, "rejected", WOULD_TAKE);
      else this.#rest(order);
      return;
    }
    if (!this.isGood && order.timeInForce !== "GTC") return this.#desk.end(order, "rejected", NO_PRICE);
    if (isTaker) this.#take(order, atUs);
    if (order.openLots === 0) return;
    if (order.timeInForce === "GTC") this.#rest(order);
    else this.#desk.end(order, "expired", isTaker ? TOO_LITTLE : NOT_REACHED);
  }

  remove(order: SimOrder): void {
    if (this.stops.remove(order)) return;
    this.resting.remove(order);
    this.#activated = this.#activated.filter((other) => other !== order);
  }

  /** A level was set in the book that may concern us: at the price of an order of ours, quoted against it, or taken from. */
  onLevel(isBid: boolean, priceTicks: number, sizeLots: number, atUs: number): void {
    const { resting } = this;
    this.taken.forget(isBid, priceTicks);
    for (const order of isBid ? resting.buys : resting.sells) {
      if (order.priceTicks !== priceTicks) continue;
      order.aheadLots = aheadAfterChange(
        this.#behindShare,
        order.aheadLots,
        order.shownLots,
        sizeLots,
        order.tradedLots,
      );
      order.shownLots = sizeLots;
      order.tradedLots = 0;
    }
    const isCrossing = isBid ? priceTicks >= resting.lowSellTicks : priceTicks <= resting.topBuyTicks;
    if (isCrossing && sizeLots > 0 && this.isGood) this.#onQuoted(isBid, priceTicks, atUs);
  }

  /** A recorded trade that the book does not show yet: it has taken from the level at its price, and all of those better. */
  onTaken(priceTicks: number, sizeLots: number, isSellAggressor: boolean): void {
    const isBid = isSellAggressor;
    let ticks = isBid ? this.book.bestBidTicks : this.book.bestAskTicks;
    for (let depth = 1; isBid ? ticks > priceTicks : ticks < priceTicks; depth++) {
      this.taken.add(isBid, ticks, Number.POSITIVE_INFINITY);
      ticks = this.#ticksAt(!isBid, depth);
    }
    if (ticks === priceTicks) this.taken.add(isBid, ticks, sizeLots);
  }

  /** A trade at a price that one of our orders, resting or waiting, is concerned by. */
  onTrade(priceTicks: number, sizeLots: number, isSellAggressor: boolean, atUs: number): void {
    const { resting } = this;
    if (priceTicks <= resting.topBuyTicks)
      matchTrade(this.#desk, resting, resting.buys, priceTicks, sizeLots, isSellAggressor, atUs);
    if (priceTicks >= resting.lowSellTicks)
      matchTrade(this.#desk, resting, resting.sells, priceTicks, sizeLots, !isSellAggressor, atUs);
    if (!this.stops.isNear(priceTicks)) return;
    const due = this.stops.takeDue(priceTicks);
    if (this.isGood) this.#act(due, atUs);
    else this.#activated.push(...due);
  }

  /** The book is empty, or not to be trusted, until `onSnapshotEnd`. */
  onClear(): void {
    this.isGood = false;
    this.book.clear();
    this.taken.clear();
  }

  /** The levels of a snapshot are all there: our orders find their places in it. */
  onSnapshotEnd(atUs: number): void {
    this.isGood = true;
    const { book, resting } = this;
    for (const order of [...resting.buys, ...resting.sells]) {
      order.shownLots = shownAt(book, order);
      order.aheadLots = Math.min(order.aheadLots, order.shownLots);
      order.tradedLots = 0;
    }
    if (book.bestBidTicks >= resting.lowSellTicks) this.#onQuoted(true, book.bestBidTicks, atUs);
    if (book.bestAskTicks <= resting.topBuyTicks) this.#onQuoted(false, book.bestAskTicks, atUs);
    if (this.#activated.length > 0) this.#act(this.#activated.splice(0), atUs);
  }

  /** Stops that a trade has activated. */
  #act(orders: readonly SimOrder[], atUs: number): void {
    for (const order of orders) {
      this.arrive(order, atUs);
      this.#desk.tell(order, atUs);
    }
  }

  /** Somebody quotes at a price: our orders of the other side that it crosses would have been taken. */
  #onQuoted(isBid: boolean, priceTicks: number, atUs: number): void {
    const { resting } = this;
    const crossed = isBid
      ? resting.sells.filter((order) => order.priceTicks <= priceTicks)
      : resting.buys.filter((order) => order.priceTicks >= priceTicks);
    for (const order of crossed) makerFill(this.#desk, resting, order, order.openLots, atUs);
  }

  #rest(order: SimOrder): void {
    order.shownLots = this.isGood ? shownAt(this.book, order) : 0;
    order.aheadLots = this.isGood ? order.shownLots : Number.POSITIVE_INFINITY;
    this.resting.add(order);
  }

  #take(order: SimOrder, atUs: number): void {
    const { isBuy } = order;
    if (order.timeInForce === "FOK" && this.#takeable(order) < order.openLots) return;
    for (let depth = 0; order.openLots > 0; depth++) {
      const ticks = this.#ticksAt(isBuy, depth);
      if (Number.isNaN(ticks) || !order.takes(ticks)) return;
      const lots = Math.min(order.openLots, this.#lotsAt(isBuy, depth));
      if (lots === 0) continue;
      if (!this.#desk.tryFill(order, ticks, lots, false, atUs))
        return this.#desk.end(order, order.filledLots === 0 ? "rejected" : "expired", CANNOT_PAY);
      this.taken.add(!isBuy, ticks, lots);
    }
  }

  /** Lots that the book has for an order within its limit, as far as it needs them. */
  #takeable(order: SimOrder): number {
    let lots = 0;
    for (let depth = 0; lots < order.openLots; depth++) {
      const ticks = this.#ticksAt(order.isBuy, depth);
      if (Number.isNaN(ticks) || !order.takes(ticks)) break;
      lots += this.#lotsAt(order.isBuy, depth);
    }
    return lots;
  }

  /** Price of the level that a taker comes to at `depth`; NaN beyond the last. */
  #ticksAt(isBuy: boolean, depth: number): number {
    return isBuy ? this.book.askTicksAt(depth) : this.book.bidTicksAt(depth);
  }

  /** What that level has for a taker of ours, in lots. */
  #lotsAt(isBuy: boolean, depth: number): number {
    const lots = isBuy ? this.book.askLotsAt(depth) : this.book.bidLotsAt(depth);
    return Math.max(0, lots - this.taken.lotsAt(!isBuy, this.#ticksAt(isBuy, depth)));
  }
}

/** Size shown at an order's price on its own side; 0 where there is no level. */
function shownAt(book: OrderBook, { isBuy, priceTicks }: SimOrder): number {
  for (let depth = 0; ; depth++) {
    const ticks = isBuy ? book.bidTicksAt(depth) : book.askTicksAt(depth);
    if (ticks === priceTicks) return isBuy ? book.bidLotsAt(depth) : book.askLotsAt(depth);
    const isBetter = isBuy ? ticks > priceTicks : ticks < priceTicks;
    if (!isBetter) return 0; // also of the NaN beyond the last level
  }
}
