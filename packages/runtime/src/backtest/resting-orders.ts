import type { SimOrder } from "./sim-order.ts";

/**
 * Our orders that rest at one instrument, by price and time. The best price of each side is a field, so that most market events are
 * dismissed by one comparison.
 */
export class RestingOrders {
  /** Highest price first. */
  readonly buys: SimOrder[] = [];
  /** Lowest price first. */
  readonly sells: SimOrder[] = [];
  /** Highest price of a buy, in ticks; -Infinity when there is none. */
  topBuyTicks: number = Number.NEGATIVE_INFINITY;
  /** Lowest price of a sell; Infinity when there is none. */
  lowSellTicks: number = Number.POSITIVE_INFINITY;

  add(order: SimOrder): void {
    const side = order.isBuy ? this.buys : this.sells;
    let at = side.length;
    while (at > 0 && isBetter(order, side[at - 1]!)) at--;
    side.splice(at, 0, order);
    this.#look();
  }

  remove(order: SimOrder): void {
    const side = order.isBuy ? this.buys : this.sells;
    const at = side.indexOf(order);
    if (at >= 0) side.splice(at, 1);
    this.#look();
  }

  #look(): void {
    this.topBuyTicks = this.buys[0]?.priceTicks ?? Number.NEGATIVE_INFINITY;
    this.lowSellTicks = this.sells[0]?.priceTicks ?? Number.POSITIVE_INFINITY;
  }
}

function isBetter({ isBuy, priceTicks }: SimOrder, other: SimOrder): boolean {
  return isBuy ? priceTicks > other.priceTicks : priceTicks < other.priceTicks;
}
