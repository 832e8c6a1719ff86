import type { SimOrder } from "./sim-order.ts";

/**
 * Our orders at one instrument that wait for a price, oldest first. The prices from which on one of them is concerned are fields, so that a
 * trade is dismissed by two comparisons, also while some wait; what trails is concerned by every price.
 */
export class WaitingStops {
  /** Lowest trigger above the market, in ticks; Infinity when there is none. */
  aboveTicks: number = Number.POSITIVE_INFINITY;
  /** Highest trigger below the market; -Infinity when there is none. */
  belowTicks: number = Number.NEGATIVE_INFINITY;
  #orders: SimOrder[] = [];

  /** An order has come to the venue. @param lastTicks NaN when there is no price yet. */
  add(order: SimOrder, lastTicks: number): void {
    order.trigger?.start(lastTicks);
    this.#orders.push(order);
    this.#look();
  }

  /** False when it does not wait. */
  remove(order: SimOrder): boolean {
    const at = this.#orders.indexOf(order);
    if (at < 0) return false;
    this.#orders.splice(at, 1);
    this.#look();
    return true;
  }

  /** True when a price may activate one of them, or is followed by one. */
  isNear(ticks: number): boolean {
    return ticks >= this.aboveTicks || ticks <= this.belowTicks;
  }

  /** Takes out those that a price activates, oldest first. */
  takeDue(ticks: number): readonly SimOrder[] {
    const due: SimOrder[] = [];
    const still: SimOrder[] = [];
    for (const order of this.#orders) (order.trigger?.onPrice(ticks) ? due : still).push(order);
    if (due.length === 0) return due;
    for (const order of due) order.isWaiting = false;
    this.#orders = still;
    this.#look();
    return due;
  }

  #look(): void {
    [this.belowTicks, this.aboveTicks] = concernOf(this.#orders);
  }
}

/** The prices at and below which, and at and above which, an order that waits is concerned; all prices where one of them trails. Pure. */
export function concernOf(orders: readonly SimOrder[]): readonly [belowTicks: number, aboveTicks: number] {
  let belowTicks = Number.NEGATIVE_INFINITY;
  let aboveTicks = Number.POSITIVE_INFINITY;
  for (const { trigger, isWaiting } of orders) {
    if (trigger === undefined || !isWaiting) continue;
    const { isAbove, triggerTicks, isTrailing } = trigger;
    if (isTrailing) belowTicks = Number.POSITIVE_INFINITY;
    else if (isAbove) aboveTicks = Math.min(aboveTicks, triggerTicks);
    else belowTicks = Math.max(belowTicks, triggerTicks);
  }
  return [belowTicks, aboveTicks];
}
