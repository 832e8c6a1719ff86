import { inRange, integerInRange } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { BarPath } from "./bar-path.ts";
import { CANNOT_PAY, type Desk, type Matcher, NOT_REACHED, TOO_LITTLE, WOULD_TAKE } from "./matcher.ts";
import type { FillModelOptions } from "./options.ts";
import type { SimOrder } from "./sim-order.ts";
import { concernOf } from "./waiting-stops.ts";

/** What bars leave out of the real world. */
export const BARS_IGNORE: readonly string[] = [
  "The way of the price within a bar: a limit order is filled when the bar trades through its price, at that price also where the whole bar is better, and never at the extreme itself.",
  "Spread and depth: a taker gets the open, beyond it by the slippage set, and a share of the bar's volume.",
  "Latencies much shorter than a bar: an order wanted at a close gets the next open. One wanted within a bar waits for the next.",
  "Our own effect on the market.",
  "What activates a stop within a bar: the price is taken to go from the open to the nearer extreme, to the other one and to the close, and to be met at every tick of that way.",
];

/**
 * Fills orders from bars, without a look ahead: an order acts from the first bar that begins after it came.
 *
 *     bar k-1        bar k                     bar k+1
 *          close -> order -> open: takers      limits that k traded through, at their price
 *
 * At its first open an order that is marketable takes, at the open and the slippage, never outside the bar. Later it is a maker: filled
 * at its price once a bar goes through it, also where the whole bar lies beyond: the market came through its price to get there. What
 * the volume left of one that took gets the worst price of later bars, within its limit. All our orders together get a share of the bar's
 * volume, oldest first, and what a fill leads to waits for the next bar, so that of an entry, its stop and its target no two can happen
 * within one.
 *
 * A stop that waits here is activated where the bar's way first meets its trigger (see `BarPath`), and acts there: it takes at that price and
 * the slippage, at the open where that is beyond the trigger, and with a limit it may rest for what is left of the way.
 */
export class BarMatcher implements Matcher {
  readonly #instrument: Instrument;
  readonly #desk: Desk;
  readonly #volumeShare: number;
  readonly #slippageTicks: number;
  readonly #lateUs: number;
  readonly #tookFirst = new WeakMap<SimOrder, boolean>(); // orders that had their first open: whether it suited them
  readonly #path = new BarPath();
  #orders: SimOrder[] = [];
  /** Close of the last bar, in ticks, which is to be kept up; NaN before the first. */
  closeTicks: number = Number.NaN;
  /** True while orders may act in any bar: of no interest are bars otherwise, but those that `mayActivate`. */
  isBusy = false;
  /** True while orders wait for a trigger: at or below `belowTicks`, and at or above `aboveTicks`. */
  hasStops = false;
  belowTicks: number = Number.NEGATIVE_INFINITY;
  aboveTicks: number = Number.POSITIVE_INFINITY;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(instrument: Instrument, desk: Desk, intervalUs: number, options: FillModelOptions["bars"] = {}) {
    const { volumeShare = 0.1, slippageTicks = 0, lateShare = 0.1 } = options;
    this.#instrument = instrument;
    this.#desk = desk;
    this.#volumeShare = inRange("fillModel.bars.volumeShare", volumeShare, 1e-9, 1);
    this.#slippageTicks = integerInRange("fillModel.bars.slippageTicks", slippageTicks, 0, Number.MAX_SAFE_INTEGER);
    this.#lateUs = inRange("fillModel.bars.lateShare", lateShare, 0, 0.5) * intervalUs;
  }

  /** The last close, for a market order that waits for an open. */
  takerTicks(_isBuy: boolean): number {
    return this.closeTicks;
  }

  get lastTicks(): number {
    return this.closeTicks;
  }

  arrive(order: SimOrder): void {
    order.trigger?.start(this.closeTicks);
    this.#orders.push(order);
    this.#look();
  }

  remove(order: SimOrder): void {
    this.#orders = this.#orders.filter((other) => other !== order);
    this.#look();
  }

  /** True when a bar reaches the trigger of an order that waits. */
  mayActivate(highTicks: number, lowTicks: number): boolean {
    return this.hasStops && (lowTicks <= this.belowTicks || highTicks >= this.aboveTicks);
  }

  /** Fills what a bar fills. To be called when it is over, if `isBusy` or `mayActivate`. @param endUs When it is over. */
  onBar(
    startUs: number,
    endUs: number,
    openTicks: number,
    highTicks: number,
    lowTicks: number,
    closeTicks: number,
    volumeLots: number,
  ): void {
    const { lotIncrement } = this.#instrument;
    const path = this.#path;
    path.set(openTicks, highTicks, lowTicks, closeTicks);
    let leftLots = Math.floor((volumeLots * this.#volumeShare) / lotIncrement) * lotIncrement;
    for (const order of [...this.#orders]) {
      if (order.arrivedAtUs > startUs + this.#lateUs) continue;
      const isActivated = order.isWaiting;
      if (isActivated && !path.tryActivate(order.trigger!)) continue;
      if (isActivated) {
        order.isWaiting = false;
        this.#look();
      }
      const firstTicks = isActivated ? path.activeTicks : openTicks;
      const isFirst = !this.#tookFirst.has(order);
      const isTaker = isFirst && order.takes(firstTicks);
      if (isFirst) this.#tookFirst.set(order, isTaker);
      if (isTaker && order.type === "postOnly") {
        this.#expire(order, WOULD_TAKE, endUs);
        continue;
      }
      const topTicks = isActivated ? path.highAfterTicks : highTicks;
      const bottomTicks = isActivated ? path.lowAfterTicks : lowTicks;
      const isMaker = !isTaker && order.timeInForce === "GTC" && isThrough(order, topTicks, bottomTicks);
      if (isTaker || isMaker) {
        const lots = Math.min(order.openLots, leftLots);
        const isWhole = lots === order.openLots;
        if (lots > 0 && (isWhole || order.timeInForce !== "FOK")) {
          const priceTicks = isTaker
            ? this.#takenTicks(order, firstTicks, highTicks, lowTicks)
            : this.#restTicks(order, topTicks, bottomTicks);
          const isAtOpen = isActivated ? path.isAtOpen : isTaker;
          const atUs = isTaker && isAtOpen ? Math.max(startUs, order.arrivedAtUs) : endUs;
          if (!this.#desk.tryFill(order, priceTicks, lots, isMaker, atUs)) {
            this.#expire(order, CANNOT_PAY, endUs);
            continue;
          }
          leftLots -= lots;
        }
      }
      if (order.openLots > 0 && order.timeInForce !== "GTC") {
        this.#expire(order, isTaker ? TOO_LITTLE : NOT_REACHED, endUs);
        continue;
      }
      if (order.openLots === 0) this.remove(order);
      this.#desk.tell(order, endUs);
    }
  }

  /** Where it takes, mostly the open, and slippage, within the bar and the order's limit. */
  #takenTicks(order: SimOrder, atTicks: number, highTicks: number, lowTicks: number): number {
    const ticks = order.isBuy
      ? Math.min(atTicks + this.#slippageTicks, highTicks)
      : Math.max(atTicks - this.#slippageTicks, lowTicks);
    if (order.takes(ticks)) return ticks;
    return order.priceTicks;
  }

  /** Where one fills that rests: at its price. What is left of one that took was only short of volume, and gets the bar's worst price within its limit. */
  #restTicks(order: SimOrder, topTicks: number, bottomTicks: number): number {
    if (this.#tookFirst.get(order) !== true) return order.priceTicks;
    return Math.min(Math.max(order.priceTicks, bottomTicks), topTicks);
  }

  // What waits for a price acts in no bar that does not reach it; what trails must follow each.
  #look(): void {
    [this.belowTicks, this.aboveTicks] = concernOf(this.#orders);
    this.hasStops = this.#orders.some(({ isWaiting }) => isWaiting);
    this.isBusy = this.#orders.some(({ isWaiting, trigger }) => !isWaiting || trigger?.isTrailing === true);
  }

  #expire(order: SimOrder, reason: string, atUs: number): void {
    this.remove(order);
    this.#desk.end(order, "expired", reason);
    this.#desk.tell(order, atUs);
  }
}

/** True when a bar traded beyond an order's limit. */
function isThrough(order: SimOrder, highTicks: number, lowTicks: number): boolean {
  return order.isBuy ? lowTicks < order.priceTicks : highTicks > order.priceTicks;
}
