import type { Account } from "./accounts.ts";
import { BookOrder, type Side } from "./book-side.ts";
import type { SelfTradePrevention, TimeInForce } from "./matching-engine.ts";
import type { OrderList } from "./order-list.ts";
import type { Seat } from "./seat.ts";
import type { Trigger } from "./triggers.ts";

export type OrderType =
  | "LIMIT"
  | "MARKET"
  | "LIMIT_MAKER"
  | "STOP_LOSS"
  | "STOP_LOSS_LIMIT"
  | "TAKE_PROFIT"
  | "TAKE_PROFIT_LIMIT";

/** `PENDING_NEW` is a leg of a list that waits for another leg's fill. */
export type OrderStatus =
  | "NEW"
  | "PENDING_NEW"
  | "PARTIALLY_FILLED"
  | "FILLED"
  | "CANCELED"
  | "EXPIRED"
  | "EXPIRED_IN_MATCH";

/** Why an order expired, in the venue's words. */
export type ExpiryReason =
  | "NONE"
  | "REJECTED"
  | "OCO_TRIGGER"
  | "OTO_PHASE_ONE_EXPIRED"
  | "UNFILLED_IOC_QUANTITY_EXPIRED"
  | "UNFILLED_FOK_ORDER_EXPIRED"
  | "INSUFFICIENT_LIQUIDITY";

/** Why an order that had been accepted was refused when its turn came, in the venue's words. */
export type RejectReason =
  | "NONE"
  | "INSUFFICIENT_BALANCES"
  | "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY"
  | "WOULD_MATCH_IMMEDIATELY"
  | "OCO_BAD_PRICES";

/** What an account asks for. Checked against the instrument's filters before it gets here. */
export interface OrderRequest {
  readonly account: Account;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Limit price; 0 for MARKET, STOP_LOSS and TAKE_PROFIT. */
  readonly priceTicks: number;
  /** Size; 0 for a MARKET order given by `quoteUnits`, and for what an OPO list sells. */
  readonly lots: number;
  /** For a MARKET order by its quote amount, in units of 10^-8; else 0n. */
  readonly quoteUnits: bigint;
  /** 1 to 36 characters, unique among the open orders of the account and symbol. */
  readonly clientOrderId: string;
  readonly prevention: Exclude<SelfTradePrevention, "PASS">;
  /** Most lots it shows at once while it rests; left out or 0 for all. */
  readonly icebergLots?: number | undefined;
  /** Of STOP_LOSS* and TAKE_PROFIT*: the trade price that triggers it, or with `trailingDelta` starts the tracking; left out or 0 for none. */
  readonly stopTicks?: number | undefined;
  /** Of the same types, in basis points: triggers once the price has come back that much from its best; left out or 0 for none. */
  readonly trailingDelta?: number | undefined;
  readonly strategyId?: number | undefined;
  readonly strategyType?: number | undefined;
}

/** An account's part of one trade. */
export interface Fill {
  readonly order: Order;
  readonly tradeId: number;
  readonly priceTicks: number;
  readonly lots: number;
  readonly quoteUnits: bigint;
  readonly commissionUnits: bigint;
  readonly commissionAsset: string;
  readonly isMaker: boolean;
  readonly atUs: number;
}

/** A trade between two orders of one account that did not happen. */
export interface PreventedMatch {
  /** Unique in its market. */
  readonly id: number;
  readonly taker: Order;
  readonly maker: Order;
  readonly mode: OrderRequest["prevention"];
  readonly priceTicks: number;
  /** What the incoming order lost by it; 0 where it went on. */
  readonly takerLots: number;
  /** What the resting order lost by it; 0 where it stayed. */
  readonly makerLots: number;
  readonly atUs: number;
}

/** One reduction of an order that left it its place in the queue. */
export interface Amendment {
  readonly executionId: number;
  readonly originalClientOrderId: string;
  readonly newClientOrderId: string;
  readonly originalLots: number;
  readonly newLots: number;
  readonly atUs: number;
}

const NO_FILLS: Fill[] = []; // shared, and never written: an order's first fill brings an array of its own

/** An account's order, from its acceptance on. Only its `Market` writes it. */
export class Order extends BookOrder {
  readonly request: OrderRequest;
  readonly seat: Seat;
  /** The id it goes by now: after a cancel, the cancel's; after an amendment, the amendment's. */
  clientOrderId: string;
  /** The id it was placed with, once a cancel has replaced it; "" before. */
  originalClientOrderId = "";
  status: OrderStatus = "NEW";
  expiryReason: ExpiryReason = "NONE";
  rejectReason: RejectReason = "NONE";
  /** Size as accepted or amended, in lots. */
  lots: number;
  filledLots = 0;
  filledQuoteUnits = 0n;
  /** Taken away by self-trade prevention, in lots. */
  preventedLots = 0;
  /** The last prevention's id; 0 for none. */
  preventedMatchId = 0;
  /** Still locked for it, in units of what it sells or pays with. Of two orders that cancel each other, one holds it for both. */
  lockedUnits = 0n;
  readonly createdUs: number;
  updatedUs: number;
  /** When it came to work on the book; -1 before. */
  workingUs = -1;
  /** When it is triggered, of STOP_LOSS* and TAKE_PROFIT*. */
  trigger: Trigger | null = null;
  list: OrderList | null = null;
  fills: Fill[] = NO_FILLS;
  /** Of it as the incoming order. */
  preventions: readonly PreventedMatch[] | null = null;
  amendments: readonly Amendment[] | null = null;

  constructor(id: number, request: OrderRequest, seat: Seat, lots: number, nowUs: number) {
    super(id, request.account.index, request.side, limitOf(request), lots, request.icebergLots ?? 0);
    this.request = request;
    this.seat = seat;
    this.clientOrderId = request.clientOrderId;
    this.lots = lots;
    this.createdUs = nowUs;
    this.updatedUs = nowUs;
  }

  get account(): Account {
    return this.request.account;
  }

  get isOpen(): boolean {
    const { status } = this;
    return status === "NEW" || status === "PARTIALLY_FILLED" || status === "PENDING_NEW";
  }
}

/** True for the types that wait for a trade price. */
export function isContingent(type: OrderType): boolean {
  return type === "STOP_LOSS" || type === "STOP_LOSS_LIMIT" || type === "TAKE_PROFIT" || type === "TAKE_PROFIT_LIMIT";
}

/** True for the types that trade at any price once they work. */
export function hasNoLimit(type: OrderType): boolean {
  return type === "MARKET" || type === "STOP_LOSS" || type === "TAKE_PROFIT";
}

function limitOf({ type, side, priceTicks }: OrderRequest): number {
  if (!hasNoLimit(type)) return priceTicks;
  return side === "BUY" ? Number.MAX_SAFE_INTEGER : 0;
}
