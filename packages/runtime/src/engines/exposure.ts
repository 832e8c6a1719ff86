import type { Instrument } from "@pitlane/sdk";
import type { Intent, Order } from "../orders/order.ts";
import { feePartsOf, Reservations, spentAsset, spentUnits } from "./reservations.ts";

/** What the open orders of one instrument may still do. Live: it moves with them. */
export interface InstrumentExposure {
  /** Lots that may yet be bought. */
  readonly openBuyLots: number;
  /** Lots that may yet be sold. */
  readonly openSellLots: number;
  readonly orders: number;
}

export interface OpenExposureOptions {
  /** Fee that buys may cost besides their price x size, in basis points; default 0. */
  readonly feeBps?: number;
  /** The most that a buy is taken to pay, in ticks; undefined when nobody can tell: nothing is put aside for it then. Default its limit. */
  readonly mostPaidTicks?: (intent: Intent) => number | undefined;
}

/** What is counted for one order. */
interface Held {
  lots: number; // that may trade
  spentUnits: bigint;
  /** The price that spending is counted at; undefined when none is known. */
  readonly priceTicks: number | undefined;
}

class Side {
  readonly resting = new Set<Order>();
  lots = 0;
  #bestTicks = Number.NaN; // of `resting`; NaN when it is to be looked for
  readonly #isBuy: boolean;

  constructor(isBuy: boolean) {
    this.#isBuy = isBuy;
  }

  add(order: Order, priceTicks: number): void {
    this.resting.add(order);
    if (this.#isBetter(priceTicks, this.#bestTicks)) this.#bestTicks = priceTicks;
  }

  delete(order: Order): void {
    if (this.resting.delete(order) && order.intent.priceTicks === this.#bestTicks) this.#bestTicks = Number.NaN;
  }

  /** The highest bid or lowest ask of our own; undefined when none rests. */
  get bestTicks(): number | undefined {
    if (this.resting.size === 0) return undefined;
    if (Number.isNaN(this.#bestTicks)) {
      this.#bestTicks = this.#isBuy ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      for (const { intent } of this.resting) {
        const priceTicks = intent.priceTicks as number;
        if (this.#isBetter(priceTicks, this.#bestTicks)) this.#bestTicks = priceTicks;
      }
    }
    return this.#bestTicks;
  }

  // False while the best one is unknown: it is looked for when it is asked for.
  #isBetter(ticks: number, thanTicks: number): boolean {
    if (this.resting.size === 1) return true;
    return this.#isBuy ? ticks > thanTicks : ticks < thanTicks;
  }
}

class Entry implements InstrumentExposure {
  readonly buy = new Side(true);
  readonly sell = new Side(false);
  orders = 0;

  get openBuyLots(): number {
    return this.buy.lots;
  }

  get openSellLots(): number {
    return this.sell.lots;
  }
}

const NOTHING: InstrumentExposure = { openBuyLots: 0, openSellLots: 0, orders: 0 };

/**
 * What open orders may still do: lots and counts by instrument, the best price of our own on each side of its book, and what they may
 * spend. Kept up order by order, so that a risk vote reads sums in place of walking over what is open.
 *
 * An order counts from its approval until it has ended and the last of its fills is booked: between the venue's word that it traded
 * and the fill's details its cost stays put aside.
 *
 * @example
 * const exposure = new OpenExposure({ feeBps: 10 });
 * exposure.update(order); // whenever something about it has changed
 * exposure.of(instrument).openBuyLots;
 */
export class OpenExposure {
  readonly reservations: Reservations = new Reservations();
  readonly #entries = new Map<Instrument, Entry>();
  readonly #held = new Map<Order, Held>();
  readonly #feeParts: bigint;
  readonly #mostPaidTicks: (intent: Intent) => number | undefined;
  #orders = 0;

  constructor({ feeBps = 0, mostPaidTicks = (intent) => intent.priceTicks }: OpenExposureOptions = {}) {
    this.#feeParts = feePartsOf(feeBps);
    this.#mostPaidTicks = mostPaidTicks;
  }

  /** Open orders of all instruments. */
  get orders(): number {
    return this.#orders;
  }

  of(instrument: Instrument): InstrumentExposure {
    return this.#entries.get(instrument) ?? NOTHING;
  }

  /** The best price of our own orders that rest on a side of the book; undefined when none does. */
  bestOwnTicks(instrument: Instrument, side: Intent["side"]): number | undefined {
    return this.#entries.get(instrument)?.[side].bestTicks;
  }

  /** Takes over how an order stands now: it may be new, have changed in whatever way, or not at all. */
  update(order: Order): void {
    const { instrument, side } = order.intent;
    const lots = order.openLots;
    const unbookedLots = Math.max(0, lots + order.filledLots - order.bookedLots);
    let held = this.#held.get(order);
    if (held === undefined) {
      if (unbookedLots === 0) return;
      held = { lots: 0, spentUnits: 0n, priceTicks: this.#priceOf(order) };
      this.#held.set(order, held);
    }
    const entry = this.#entryOf(instrument);
    if (held.lots === 0 && lots > 0) this.#open(entry, order);
    else if (held.lots > 0 && lots === 0) this.#close(entry, order);
    entry[side].lots += lots - held.lots;
    held.lots = lots;
    this.#reserve(order, held, unbookedLots);
    if (unbookedLots === 0) this.#held.delete(order);
  }

  /** Forgets all orders. */
  clear(): void {
    this.#entries.clear();
    this.#held.clear();
    this.reservations.clear();
    this.#orders = 0;
  }

  #open(entry: Entry, order: Order): void {
    const { side, type, timeInForce = "GTC", priceTicks } = order.intent;
    entry.orders++;
    this.#orders++;
    const rests = type === "postOnly" || (type === "limit" && timeInForce === "GTC");
    if (rests && priceTicks !== undefined) entry[side].add(order, priceTicks);
  }

  #close(entry: Entry, order: Order): void {
    entry.orders--;
    this.#orders--;
    entry[order.intent.side].delete(order);
  }

  #reserve({ intent }: Order, held: Held, lots: number): void {
    const { instrument, side } = intent;
    if (held.priceTicks === undefined) return;
    const units = lots === 0 ? 0n : spentUnits(instrument, side, held.priceTicks, lots, this.#feeParts);
    if (units === held.spentUnits) return;
    this.reservations.move(instrument.venue, spentAsset(intent), units - held.spentUnits);
    held.spentUnits = units;
  }

  // A sell spends its size, whatever the price.
  #priceOf({ intent }: Order): number | undefined {
    return intent.side === "sell" ? 0 : this.#mostPaidTicks(intent);
  }

  #entryOf(instrument: Instrument): Entry {
    const known = this.#entries.get(instrument);
    if (known !== undefined) return known;
    const entry = new Entry();
    this.#entries.set(instrument, entry);
    return entry;
  }
}
