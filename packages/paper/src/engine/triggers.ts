import type { Side } from "./book-side.ts";
import type { Order, OrderRequest } from "./order.ts";

const WHOLE = 10_000; // basis points

/**
 * When a STOP_LOSS* or TAKE_PROFIT* order is triggered. Last trade prices decide.
 *
 * Without a delta: once a trade is at the stop price or beyond. With one, the price is tracked from a trade at the stop price or
 * beyond on (from the start when there is no stop price), and the order is triggered when it has come back from its best, the
 * highest for a sell and the lowest for a buy, by the delta or more.
 *
 * Source: binance-spot-api-docs, faqs/trailing-stop-faq.md.
 */
export class Trigger {
  readonly side: Side;
  /** True when the stop price is above the market: STOP_LOSS of a buy, TAKE_PROFIT of a sell. */
  readonly isAbove: boolean;
  /** 0 when it has only a delta. */
  readonly stopTicks: number;
  /** Basis points; 0 when it does not trail. */
  readonly trailingDelta: number;
  /** When the tracking began, microseconds since the epoch; -1 before, and for an order without delta. */
  trailingUs = -1;
  #bestTicks = 0;
  #dueTicks = 0; // of a tracked order

  constructor({ side, type, stopTicks = 0, trailingDelta = 0 }: OrderRequest) {
    this.side = side;
    this.isAbove = (side === "BUY") === (type === "STOP_LOSS" || type === "STOP_LOSS_LIMIT");
    this.stopTicks = stopTicks;
    this.trailingDelta = trailingDelta;
  }

  /** Begins: an order without stop price tracks from the last trade on, if there was one. */
  start(lastTicks: number | undefined, nowUs: number): void {
    if (this.trailingDelta > 0 && this.stopTicks === 0 && lastTicks !== undefined) this.#track(lastTicks, nowUs);
  }

  /** True when `lastTicks` is at the stop price or beyond; false without a stop price. */
  isReachedBy(lastTicks: number): boolean {
    if (this.stopTicks === 0) return false;
    return this.isAbove ? lastTicks >= this.stopTicks : lastTicks <= this.stopTicks;
  }

  /** Hears of a trade. @returns True when that triggers the order. */
  onTrade(priceTicks: number, nowUs: number): boolean {
    if (this.trailingDelta === 0) return this.isReachedBy(priceTicks);
    if (this.trailingUs < 0) {
      if (this.stopTicks === 0 || this.isReachedBy(priceTicks)) this.#track(priceTicks, nowUs);
      return false;
    }
    const isBetter = this.side === "SELL" ? priceTicks > this.#bestTicks : priceTicks < this.#bestTicks;
    if (isBetter) this.#track(priceTicks, this.trailingUs);
    return this.side === "SELL" ? priceTicks <= this.#dueTicks : priceTicks >= this.#dueTicks;
  }

  /** The price to reckon with before it is triggered: its stop, else where its delta from `lastTicks` would take it. */
  estimateTicks(lastTicks: number | undefined): number {
    if (this.stopTicks > 0) return this.stopTicks;
    return lastTicks === undefined ? 0 : dueTicks(this.side, lastTicks, this.trailingDelta);
  }

  #track(bestTicks: number, sinceUs: number): void {
    this.trailingUs = sinceUs;
    this.#bestTicks = bestTicks;
    this.#dueTicks = dueTicks(this.side, bestTicks, this.trailingDelta);
  }
}

// The first whole tick that is the delta or more away from the best. BigInt: ticks times 10,000 may be beyond a safe integer.
function dueTicks(side: Side, bestTicks: number, delta: number): number {
  const parts = BigInt(bestTicks) * BigInt(side === "SELL" ? WHOLE - delta : WHOLE + delta);
  return Number(side === "SELL" ? parts / BigInt(WHOLE) : (parts + BigInt(WHOLE - 1)) / BigInt(WHOLE));
}

/**
 * The orders of one market that wait for a trade price.
 *
 * Few wait (an account may have five), so they are one list. Most trades trigger nothing, and cost two comparisons: the lowest stop
 * above and the highest below are kept, unless an order trails.
 */
export class Triggers {
  #waiting: Order[] = [];
  #aboveTicks = Number.POSITIVE_INFINITY;
  #belowTicks = Number.NEGATIVE_INFINITY;
  #trailing = 0;

  /** `order` waits from now on. */
  add(order: Order, lastTicks: number | undefined, nowUs: number): void {
    order.trigger!.start(lastTicks, nowUs);
    this.#waiting.push(order);
    this.#narrow();
  }

  /** `order` waits no more; false when it did not. */
  remove(order: Order): boolean {
    const at = this.#waiting.indexOf(order);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    this.#narrow();
    return true;
  }

  /** Hears of a trade, and moves the orders that it triggers to the end of `due`, oldest first. */
  onTrade(priceTicks: number, nowUs: number, due: { push(order: Order): unknown }): void {
    if (this.#trailing === 0 && priceTicks < this.#aboveTicks && priceTicks > this.#belowTicks) return;
    const still: Order[] = [];
    for (const order of this.#waiting) (order.trigger!.onTrade(priceTicks, nowUs) ? due : still).push(order);
    if (still.length === this.#waiting.length) return;
    this.#waiting = still;
    this.#narrow();
  }

  #narrow(): void {
    this.#aboveTicks = Number.POSITIVE_INFINITY;
    this.#belowTicks = Number.NEGATIVE_INFINITY;
    this.#trailing = 0;
    for (const { trigger } of this.#waiting) {
      const { isAbove, stopTicks, trailingDelta } = trigger!;
      if (trailingDelta > 0) this.#trailing++;
      else if (isAbove) this.#aboveTicks = Math.min(this.#aboveTicks, stopTicks);
      else this.#belowTicks = Math.max(this.#belowTicks, stopTicks);
    }
  }
}
