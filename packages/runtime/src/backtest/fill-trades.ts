import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { CANNOT_PAY, type Desk, type Matcher, NOT_REACHED, WOULD_TAKE } from "./matcher.ts";
import type { FillModelOptions } from "./options.ts";
import { RestingOrders } from "./resting-orders.ts";
import type { SimOrder } from "./sim-order.ts";
import { WaitingStops } from "./waiting-stops.ts";

/** What trades leave out of the real world. */
export const TRADES_IGNORE: readonly string[] = [
  "The book: a taker of any size gets the last trade's price and the half spread set; there are no book and quote events.",
  "The queue: what stands before an order at its price is the number set, or it waits for trades through its price.",
  "Our own effect on the market: a trade that fills us is not taken from the others.",
  "Stops that are activated together with ours, and what they do to the price: ours takes the price of the trade that activates it, and half a spread.",
];

/**
 * Fills orders from public trades.
 *
 * A taker gets the last price and half a spread, whatever its size. An order that rests is filled at its price by trades that go through
 * it, and by trades at it once `aheadLots` were traded there; none gives more than its own size to all our orders together. A stop is
 * activated by the first trade at its trigger or beyond, and acts at that trade's price.
 */
export class TradeMatcher implements Matcher {
  readonly #desk: Desk;
  /** What a taker pays beyond the last price, in ticks. */
  readonly halfSpreadTicks: number;
  readonly #aheadLots: number;
  /** Looked at before each trade: most concern none of our orders. */
  readonly resting: RestingOrders = new RestingOrders();
  /** As `resting`. */
  readonly stops: WaitingStops = new WaitingStops();
  /** Price of the last trade, in ticks; NaN before the first. */
  lastTicks: number = Number.NaN;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(
    desk: Desk,
    { halfSpreadTicks = 1, aheadLots = Number.POSITIVE_INFINITY }: FillModelOptions["trades"] = {},
  ) {
    this.#desk = desk;
    this.halfSpreadTicks = integerInRange("fillModel.trades.halfSpreadTicks", halfSpreadTicks, 0, 1e9);
    if (!(aheadLots >= 0))
      throw new InvalidInputError(`fillModel.trades.aheadLots must be 0 lots or more; got ${aheadLots}`);
    this.#aheadLots = aheadLots;
  }

  takerTicks(isBuy: boolean): number {
    return isBuy ? this.lastTicks + this.halfSpreadTicks : Math.max(1, this.lastTicks - this.halfSpreadTicks);
  }

  arrive(order: SimOrder, atUs: number): void {
    if (order.isWaiting) return this.stops.add(order, this.lastTicks);
    const ticks = this.takerTicks(order.isBuy);
    const isTaker = order.takes(ticks) && !Number.isNaN(ticks);
    if (isTaker) {
      if (order.type === "postOnly") this.#desk.end(order, "rejected", WOULD_TAKE);
      else if (!this.#desk.tryFill(order, ticks, order.openLots, false, atUs))
        this.#desk.end(order, "rejected", CANNOT_PAY);
    } else if (order.timeInForce === "GTC") {
      order.aheadLots = this.#aheadLots;
      this.resting.add(order);
    } else this.#desk.end(order, "expired", NOT_REACHED);
  }

  remove(order: SimOrder): void {
    if (!this.stops.remove(order)) this.resting.remove(order);
  }

  /** Fills what a trade fills, and then activates what it activates. To be called where it concerns `resting` or `stops`. */
  onTrade(priceTicks: number, sizeLots: number, isSellAggressor: boolean, atUs: number): void {
    const { buys, sells, topBuyTicks, lowSellTicks } = this.resting;
    if (priceTicks <= topBuyTicks)
      matchTrade(this.#desk, this.resting, buys, priceTicks, sizeLots, isSellAggressor, atUs);
    if (priceTicks >= lowSellTicks)
      matchTrade(this.#desk, this.resting, sells, priceTicks, sizeLots, !isSellAggressor, atUs);
    if (!this.stops.isNear(priceTicks)) return;
    for (const order of this.stops.takeDue(priceTicks)) {
      this.arrive(order, atUs);
      this.#desk.tell(order, atUs);
    }
  }
}

/**
 * Gives a trade to our orders of one side, best price and oldest first: those whose price it went through, and those at its price once
 * what stood before them is used up.
 *
 * @param hitsSide The taker of the trade took from this side of the book.
 */
export function matchTrade(
  desk: Desk,
  resting: RestingOrders,
  orders: readonly SimOrder[],
  priceTicks: number,
  sizeLots: number,
  hitsSide: boolean,
  atUs: number,
): void {
  let leftLots = sizeLots;
  for (const order of [...orders]) {
    if (leftLots <= 0) return;
    const isThrough = order.isBuy ? priceTicks < order.priceTicks : priceTicks > order.priceTicks;
    if (!isThrough) {
      if (priceTicks !== order.priceTicks || !hitsSide) return;
      const aheadLots = order.aheadLots;
      order.tradedLots += leftLots;
      order.aheadLots = Math.max(0, aheadLots - leftLots);
      if (aheadLots >= leftLots) continue;
      // What others before us got is gone for those behind us too, who count it in their own queue.
      const lots = Math.min(order.openLots, leftLots - aheadLots);
      leftLots -= lots;
      makerFill(desk, resting, order, lots, atUs);
    } else {
      const lots = Math.min(order.openLots, leftLots);
      leftLots -= lots;
      makerFill(desk, resting, order, lots, atUs);
    }
  }
}

/** Fills an order that rests, at its price. */
export function makerFill(desk: Desk, resting: RestingOrders, order: SimOrder, lots: number, atUs: number): void {
  if (!desk.tryFill(order, order.priceTicks, lots, true, atUs))
    throw new Error(`the venue holds too little for ${order.clientOrderId}, which rests`);
  if (order.openLots === 0) resting.remove(order);
  desk.tell(order, atUs);
}
