import type { Account } from "./accounts.ts";
import { BookOrder, type Side } from "./book-side.ts";
import type { SelfTradePrevention, TimeInForce } from "./matching-engine.ts";

export type OrderType = "LIMIT" | "MARKET" | "LIMIT_MAKER";

export type OrderStatus = "NEW" | "PARTIALLY_FILLED" | "FILLED" | "CANCELED" | "EXPIRED" | "EXPIRED_IN_MATCH";

/** Why an order expired, in the venue's words. */
export type ExpiryReason =
  | "NONE"
  | "UNFILLED_IOC_QUANTITY_EXPIRED"
  | "UNFILLED_FOK_ORDER_EXPIRED"
  | "INSUFFICIENT_LIQUIDITY";

/** What an account asks for. Checked against the instrument's filters before it gets here. */
export interface OrderRequest {
  readonly account: Account;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Limit price; 0 for MARKET. */
  readonly priceTicks: number;
  /** Size; 0 for a MARKET order given by `quoteUnits`. */
  readonly lots: number;
  /** For a MARKET order by its quote amount, in units of 10^-8; else 0n. */
  readonly quoteUnits: bigint;
  /** 1 to 36 characters, unique among the open orders of the account and symbol. */
  readonly clientOrderId: string;
  readonly prevention: Exclude<SelfTradePrevention, "PASS">;
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

/** An account's order, from its acceptance on. Only its `Market` writes it. */
export class Order extends BookOrder {
  readonly request: OrderRequest;
  readonly account: Account;
  /** The id it goes by now: after a cancel, the cancel's. */
  clientOrderId: string;
  /** The id it was placed with, once a cancel has replaced it; "" before. */
  originalClientOrderId = "";
  status: OrderStatus = "NEW";
  expiryReason: ExpiryReason = "NONE";
  /** Size as accepted, in lots. */
  readonly lots: number;
  filledLots = 0;
  filledQuoteUnits = 0n;
  /** Taken away by self-trade prevention, in lots. */
  preventedLots = 0;
  /** Identifies that prevention, unique in the market; 0 for none. */
  preventedMatchId = 0;
  /** Still locked for it, in units of what it sells or pays with. */
  lockedUnits = 0n;
  readonly createdUs: number;
  updatedUs: number;
  readonly fills: Fill[] = [];

  constructor(id: number, request: OrderRequest, lots: number, nowUs: number) {
    super(id, request.account.index, request.side, limitOf(request), lots);
    this.request = request;
    this.account = request.account;
    this.clientOrderId = request.clientOrderId;
    this.lots = lots;
    this.createdUs = nowUs;
    this.updatedUs = nowUs;
  }

  get isOpen(): boolean {
    return this.status === "NEW" || this.status === "PARTIALLY_FILLED";
  }
}

function limitOf({ type, side, priceTicks }: OrderRequest): number {
  if (type !== "MARKET") return priceTicks;
  return side === "BUY" ? Number.MAX_SAFE_INTEGER : 0;
}
