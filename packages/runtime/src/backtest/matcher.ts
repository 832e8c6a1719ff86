import type { SimOrder } from "./sim-order.ts";

/** What a matcher has the venue do for its orders. */
export interface Desk {
  /**
   * Books an execution. False, and nothing done, when the account cannot pay for it. The matcher takes an order that is filled out of
   * its lists.
   *
   * @param atUs Venue time, microseconds since the epoch.
   */
  tryFill(order: SimOrder, priceTicks: number, sizeLots: number, isMaker: boolean, atUs: number): boolean;
  /** What is open of an order ends: `rejected` where it never worked, which the venue tells of one that it had accepted as `expired`. */
  end(order: SimOrder, status: "expired" | "rejected", reason: string): void;
  /** Reports what has happened to an order since the last report. Not needed within `arrive`. */
  tell(order: SimOrder, atUs: number): void;
}

/** Decides which orders trade, at what price and when: the part in which tiers of realism differ. One for each instrument. */
export interface Matcher {
  /** Takes an order that has reached the venue: it is filled, rests, waits for its trigger, or ends. */
  arrive(order: SimOrder, atUs: number): void;
  /** Takes out an order that is working. */
  remove(order: SimOrder): void;
  /** The last price, by which stops are activated, in ticks; NaN before the first. */
  readonly lastTicks: number;
  /** Price that a taker would get now, in ticks; NaN when it is not known. Market orders are checked at it. */
  takerTicks(isBuy: boolean): number;
}

export const NO_PRICE = "the data have no price at this moment";
/** As Binance has it. */
export const WOULD_TRIGGER = "Order would trigger immediately.";
export const WOULD_TAKE = "a post-only order would take";
export const NOT_REACHED = "no price that suits it";
export const TOO_LITTLE = "not enough to trade with";
export const CANNOT_PAY = "the balance is insufficient";
