import type { Account } from "../../engine/accounts.ts";
import type { Fill } from "../../engine/order.ts";
import { refuse } from "./errors.ts";

/** Limits that the exchange announces in exchangeInfo and enforces. */
export interface Limits {
  /** Request weight per minute and address. */
  readonly requestWeightPerMinute: number;
  /** Unfilled orders per 10 seconds and account. */
  readonly ordersPer10Seconds: number;
  /** Unfilled orders per UTC day and account. */
  readonly ordersPerDay: number;
}

/** The venue's weight limit; its order limits were 100 and 200000, raised here so that a busy local strategy is not held up. */
export const DEFAULT_LIMITS: Limits = {
  requestWeightPerMinute: 6000,
  ordersPer10Seconds: 10_000,
  ordersPerDay: 2_000_000,
};

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const DAY_US = 86_400 * SECOND_US;

/** Counts per key in fixed windows aligned to the epoch; every count is 0 again at the start of the next window. */
class FixedWindow<K> {
  readonly lengthUs: number;
  readonly #counts = new Map<K, number>();
  #window = -1;

  constructor(lengthUs: number) {
    this.lengthUs = lengthUs;
  }

  count(key: K, nowUs: number): number {
    this.#roll(nowUs);
    return this.#counts.get(key) ?? 0;
  }

  /** Adds `amount`, which may be negative; a count never falls below 0. */
  add(key: K, amount: number, nowUs: number): number {
    this.#roll(nowUs);
    const count = Math.max(0, (this.#counts.get(key) ?? 0) + amount);
    this.#counts.set(key, count);
    return count;
  }

  /** Whole seconds until the next window, at least 1. */
  secondsLeft(nowUs: number): number {
    return Math.max(1, Math.ceil((this.lengthUs - (nowUs % this.lengthUs)) / SECOND_US));
  }

  #roll(nowUs: number): void {
    const window = Math.floor(nowUs / this.lengthUs);
    if (window === this.#window) return;
    this.#window = window;
    this.#counts.clear();
  }
}

/** Request weight by address. Source: rest-api.md "LIMITS"; a minute is a fixed window. */
export class WeightLimit {
  readonly limit: number;
  readonly #window = new FixedWindow<string>(MINUTE_US);

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts `weight`. @throws {VenueRefusal} -1003 when that is over the limit; it stays counted. */
  take(ip: string, weight: number, nowUs: number): void {
    if (this.#window.add(ip, weight, nowUs) <= this.limit) return;
    throw refuse.tooMuchWeight(this.limit, this.#window.secondsLeft(nowUs));
  }

  /** Takes `weight` back: placing and cancelling orders weighs nothing when it succeeds. */
  giveBack(ip: string, weight: number, nowUs: number): void {
    this.#window.add(ip, -weight, nowUs);
  }

  used(ip: string, nowUs: number): number {
    return this.#window.count(ip, nowUs);
  }
}

/**
 * Unfilled orders by account. A placement counts 1; an order's first fill takes back 1 as taker and 5 as maker, as the
 * documentation's example does.
 *
 * Source: faqs/order_count_decrement.md.
 */
export class OrderLimit {
  readonly limits: Limits;
  readonly #short = new FixedWindow<Account>(10 * SECOND_US);
  readonly #day = new FixedWindow<Account>(DAY_US);

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Counts one placement. @throws {VenueRefusal} -1015 when the account is at a limit; nothing is counted then. */
  take(account: Account, nowUs: number): void {
    const { ordersPer10Seconds, ordersPerDay } = this.limits;
    if (this.#day.count(account, nowUs) >= ordersPerDay) {
      throw refuse.tooManyOrders(ordersPerDay, "1 DAY", this.#day.secondsLeft(nowUs));
    }
    if (this.#short.count(account, nowUs) >= ordersPer10Seconds) {
      throw refuse.tooManyOrders(ordersPer10Seconds, "10 SECOND", this.#short.secondsLeft(nowUs));
    }
    this.#short.add(account, 1, nowUs);
    this.#day.add(account, 1, nowUs);
  }

  /** Gives back what a fill earns. */
  onFill(fill: Fill): void {
    if (fill.order.fills[0] !== fill) return;
    const earned = fill.isMaker ? -5 : -1;
    this.#short.add(fill.order.account, earned, fill.atUs);
    this.#day.add(fill.order.account, earned, fill.atUs);
  }

  shortCount(account: Account, nowUs: number): number {
    return this.#short.count(account, nowUs);
  }

  dayCount(account: Account, nowUs: number): number {
    return this.#day.count(account, nowUs);
  }
}
