import type { Order } from "../orders/order.ts";

const HIGH_SHARE = 0.8; // of the limit: strategies are asked to slow down
const LOW_SHARE = 0.5; // and may go on

/** Orders of which nothing was heard yet: those that were wanted just now and risk has yet to vote on, those that wait for the wire and those on their way. */
export interface Backlog {
  readonly orders: number;
  /** Further intents are denied at this many, code `QUEUE_FULL`. */
  readonly limit: number;
  /** True from four fifths of the limit until it is down to half: a strategy should want less. */
  readonly isHigh: boolean;
}

/** Keeps the backlog up to date. It follows from the inputs, so a replay sees the same. */
export class BacklogCounter {
  /** One object for good, which strategies may look at. */
  readonly backlog: { orders: number; readonly limit: number; isHigh: boolean };
  /** Of its orders, those that risk was not asked about yet. */
  unvoted = 0;

  constructor(limit: number) {
    this.backlog = { orders: 0, limit, isHigh: false };
  }

  /** Counts an order in or out; one that is counted so by now is not counted again. */
  setAwaited(order: Order, isAwaited: boolean): void {
    if (order.isAwaited === isAwaited) return;
    order.isAwaited = isAwaited;
    const { backlog } = this;
    backlog.orders += isAwaited ? 1 : -1;
    if (backlog.orders >= HIGH_SHARE * backlog.limit) backlog.isHigh = true;
    else if (backlog.orders <= LOW_SHARE * backlog.limit) backlog.isHigh = false;
  }

  clear(): void {
    this.backlog.orders = 0;
  }
}
