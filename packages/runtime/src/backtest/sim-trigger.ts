import { isTriggeredAbove } from "../orders/kinds.ts";
import type { Intent } from "../orders/order.ts";

const WHOLE_BPS = 10_000n;

/**
 * When a stop or a take-profit is activated: by last prices, as Binance spot has it and the paper exchange.
 *
 * Without a trail: once a price is at the trigger or beyond. With one, the price is followed from the trigger on (from the start where there is
 * none), and the order is activated when it has come back from its best, the highest for a sell and the lowest for a buy, by the trail or
 * more. Trades are prices one by one (`onPrice`), with nothing between them; a bar is a way on which every price is met (`onMove`).
 *
 * Source: binance-spot-api-docs, faqs/trailing-stop-faq.md.
 */
export class SimTrigger {
  readonly #isBuy: boolean;
  /** True when a rise activates it. */
  readonly isAbove: boolean;
  /** In ticks; NaN when it only trails. */
  readonly triggerTicks: number;
  readonly #trailingBps: number; // 0 for none
  #bestTicks = Number.NaN; // of what is followed
  #dueTicks = Number.NaN;

  constructor({ type, side, triggerTicks = Number.NaN, trailingBps = 0 }: Intent) {
    this.#isBuy = side === "buy";
    this.isAbove = isTriggeredAbove(type, side);
    this.triggerTicks = triggerTicks;
    this.#trailingBps = trailingBps;
  }

  get isTrailing(): boolean {
    return this.#trailingBps > 0;
  }

  /** It has come to the venue: where it only trails, it follows the price from here on. @param lastTicks NaN when there is none yet. */
  start(lastTicks: number): void {
    if (this.isTrailing && Number.isNaN(this.triggerTicks) && !Number.isNaN(lastTicks)) this.#follow(lastTicks);
  }

  /** True when a price is at the trigger or beyond; false where it only trails, and of NaN. */
  isReachedBy(ticks: number): boolean {
    return this.isAbove ? ticks >= this.triggerTicks : ticks <= this.triggerTicks;
  }

  /** Hears of a price. True when it activates the order. */
  onPrice(ticks: number): boolean {
    if (!this.isTrailing) return this.isReachedBy(ticks);
    if (!Number.isNaN(this.#bestTicks)) return this.#trail(ticks);
    if (Number.isNaN(this.triggerTicks) || this.isReachedBy(ticks)) this.#follow(ticks);
    return false;
  }

  /** Hears that the price has moved to `ticks`, from one it was told of. @returns The price on that way that activates the order; NaN for none. */
  onMove(ticks: number): number {
    if (!this.isTrailing) return this.isReachedBy(ticks) ? this.triggerTicks : Number.NaN;
    if (Number.isNaN(this.#bestTicks)) {
      if (!this.isReachedBy(ticks)) return Number.NaN;
      this.#follow(this.triggerTicks);
    }
    return this.#trail(ticks) ? this.#dueTicks : Number.NaN;
  }

  /** The price to reckon with until it is activated, in ticks: its trigger, else where its trail from `lastTicks` would take it; 0 when nobody knows. */
  estimateTicks(lastTicks: number): number {
    if (!Number.isNaN(this.triggerTicks)) return this.triggerTicks;
    return Number.isNaN(lastTicks) ? 0 : this.#dueFrom(lastTicks);
  }

  #trail(ticks: number): boolean {
    const isBetter = this.#isBuy ? ticks < this.#bestTicks : ticks > this.#bestTicks;
    if (isBetter) this.#follow(ticks);
    return this.#isBuy ? ticks >= this.#dueTicks : ticks <= this.#dueTicks;
  }

  #follow(bestTicks: number): void {
    this.#bestTicks = bestTicks;
    this.#dueTicks = this.#dueFrom(bestTicks);
  }

  // The first whole tick that is the trail or more away. BigInt: ticks times 10,000 may be beyond a safe integer.
  #dueFrom(bestTicks: number): number {
    const bps = BigInt(this.#trailingBps);
    const parts = BigInt(bestTicks) * (this.#isBuy ? WHOLE_BPS + bps : WHOLE_BPS - bps);
    return Number(this.#isBuy ? (parts + WHOLE_BPS - 1n) / WHOLE_BPS : parts / WHOLE_BPS);
  }
}
