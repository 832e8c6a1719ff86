import { PitlaneError } from "@pitlane/perf";
import type { Account } from "./accounts.ts";
import type { Side } from "./book-side.ts";
import type { Market } from "./market.ts";
import type { Fill, Order, PreventedMatch } from "./order.ts";
import type { OrderList } from "./order-list.ts";
import type { AggregateTrade, Trade } from "./tape.ts";

/** Why the engine refused an order or an amendment. */
export type RefusalReason =
  | "DUPLICATE_CLIENT_ID"
  | "INSUFFICIENT_BALANCE"
  | "WOULD_TAKE"
  | "WOULD_TRIGGER"
  | "BAD_PRICES"
  | "EMPTY_BOOK"
  | "NO_LIQUIDITY"
  | "UNKNOWN_ORDER"
  | "NOT_SMALLER"
  | "NO_CHANGE"
  | "PENDING_SIZE";

/** The engine refused an order or an amendment; nothing has changed. */
export class OrderRefusedError extends PitlaneError {
  readonly code = "ORDER_REFUSED";
  readonly retryable = false;
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`order refused: ${reason}`);
    this.reason = reason;
  }
}

export type Execution =
  | "NEW"
  | "TRADE"
  | "CANCELED"
  | "REPLACED"
  | "EXPIRED"
  | "TRADE_PREVENTION"
  /** Of the list that the order is in. */
  | "LIST_STATUS";

/**
 * One thing that happened to an account's order or to the list it is in.
 *
 * One object is used for all reports of a market: whoever hears of it reads it now.
 */
export interface OrderReport {
  readonly order: Order;
  readonly execution: Execution;
  /** Grows from event to event of a market. */
  readonly executionId: number;
  readonly atUs: number;
  /** The trade, of a TRADE. */
  readonly fill: Fill | undefined;
  /** What did not happen, of a TRADE_PREVENTION. */
  readonly prevented: PreventedMatch | undefined;
  /** Its client id before, of a CANCELED and a REPLACED; else "". */
  readonly originalClientOrderId: string;
  /** The list, of a LIST_STATUS. */
  readonly list: OrderList | undefined;
}

/** Told what happens in every market, in order, while it happens. Must not call a market back. */
export interface MarketListener {
  onTrade(market: Market, trade: Trade): void;
  onAggregate(market: Market, aggregate: AggregateTrade): void;
  onLevel(market: Market, side: Side, priceTicks: number): void;
  /** A call is done and has changed the book. */
  onBook(market: Market, atUs: number): void;
  onReport(market: Market, report: OrderReport): void;
  /** Balances of `assets` may have changed in the call that is now done. */
  onBalances(account: Account, assets: readonly string[], atUs: number): void;
}
