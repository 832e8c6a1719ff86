import type { Instrument } from "./instrument.ts";

/** Side of an order; `bid` and `ask` are the sides of a book. */
export type Side = "buy" | "sell";

/** How long an order works: until cancelled, for an instant, whole or not at all. */
export type TimeInForce = "GTC" | "IOC" | "FOK";

/**
 * What happens when an order meets one of its own account: they trade; the incoming one's rest expires; the resting one's does;
 * both do; or both shrink by what overlaps.
 */
export type SelfTradePrevention = "none" | "expireTaker" | "expireMaker" | "expireBoth" | "decrement";

interface OrderRequestBase {
  readonly instrument: Instrument;
  /** Ours, made before sending, never used twice: the key to ask about when an outcome is unknown. 1 to 36 of `[A-Za-z0-9_-]`. */
  readonly clientOrderId: string;
  readonly side: Side;
  /** Default the venue's own. */
  readonly selfTradePrevention?: SelfTradePrevention;
}

interface SizedOrderRequest extends OrderRequestBase {
  /** In lots; a positive multiple of the instrument's `lotIncrement`. */
  readonly sizeLots: number;
}

interface PricedOrderRequest extends SizedOrderRequest {
  /** In ticks; a positive multiple of the instrument's `tickIncrement`. */
  readonly priceTicks: number;
  /** Shows at most this much of the order at a time, in lots; needs time in force GTC. Default all of it. */
  readonly icebergLots?: number;
}

/** When a waiting order becomes active: at a price, at a distance that follows the market, or both. One of them is needed. */
interface TriggeredOrderRequest {
  /** The last price that activates it, in ticks; a positive multiple of the instrument's `tickIncrement`. */
  readonly triggerTicks?: number;
  /** How far the last price may come back from its best before the order is activated, in basis points; whole, from 1. */
  readonly trailingBps?: number;
}

/** Trades at `priceTicks` or better. */
export interface LimitOrderRequest extends PricedOrderRequest {
  readonly type: "limit";
  readonly timeInForce: TimeInForce;
}

/** Rests at `priceTicks` or is refused: never takes. */
export interface PostOnlyOrderRequest extends PricedOrderRequest {
  readonly type: "postOnly";
}

/** Trades at the best prices there are; what the book cannot fill expires. */
export interface MarketOrderRequest extends SizedOrderRequest {
  readonly type: "market";
}

/** As `market`, but given by what it may spend or shall bring. */
export interface MarketByQuoteOrderRequest extends OrderRequestBase {
  readonly type: "marketByQuote";
  /** In the quote asset's smallest unit, 10^-8; positive. The size that it buys is rounded down to whole lots. */
  readonly quoteAmount: bigint;
}

/** Becomes a market order when the price has moved against us: above the market for a buy, below it for a sell. */
export interface StopOrderRequest extends SizedOrderRequest, TriggeredOrderRequest {
  readonly type: "stop";
}

/** Becomes a limit order when the price has moved against us. */
export interface StopLimitOrderRequest extends PricedOrderRequest, TriggeredOrderRequest {
  readonly type: "stopLimit";
  readonly timeInForce: TimeInForce;
}

/** Becomes a market order when the price has moved for us: below the market for a buy, above it for a sell. */
export interface TakeProfitOrderRequest extends SizedOrderRequest, TriggeredOrderRequest {
  readonly type: "takeProfit";
}

/** Becomes a limit order when the price has moved for us. */
export interface TakeProfitLimitOrderRequest extends PricedOrderRequest, TriggeredOrderRequest {
  readonly type: "takeProfitLimit";
  readonly timeInForce: TimeInForce;
}

export type OrderRequest =
  | LimitOrderRequest
  | PostOnlyOrderRequest
  | MarketOrderRequest
  | MarketByQuoteOrderRequest
  | StopOrderRequest
  | StopLimitOrderRequest
  | TakeProfitOrderRequest
  | TakeProfitLimitOrderRequest;

/** The kinds of order there are; a venue's capabilities name those it takes. */
export type OrderKind = OrderRequest["type"];

/** Requests of the given kinds. */
export type OrderRequestOf<K extends OrderKind> = Extract<OrderRequest, { readonly type: K }>;

/** Which order is meant. */
export interface OrderRef {
  readonly instrument: Instrument;
  readonly clientOrderId: string;
}

/** A smaller size for an order that rests: it keeps its place in the queue. */
export interface AmendRequest extends OrderRef {
  /** The new size as a whole, fills included, in lots; below the present one and above what is filled. */
  readonly sizeLots: number;
}

/** What the venue says of an order. `rejected` ones never worked; `expired` ones ended by their own terms. */
export type VenueOrderStatus = "accepted" | "partiallyFilled" | "filled" | "cancelled" | "expired" | "rejected";

/** The venue's word on one order: the answer to a call, or news of the user stream. */
export interface OrderReport {
  readonly instrument: Instrument;
  readonly clientOrderId: string;
  /** The venue's id; unique per instrument on Binance. */
  readonly venueOrderId: string;
  readonly status: VenueOrderStatus;
  readonly side: Side;
  readonly sizeLots: number;
  /** Filled so far, in lots, over all fills. */
  readonly filledLots: number;
  /** Fills that came with this report. May repeat ones of an earlier report: tell them apart by `tradeId`. */
  readonly fills: readonly Fill[];
  /** The venue's transaction time, microseconds since the epoch. */
  readonly atUs: number;
  /** Why it expired or was rejected, in the venue's word, where it gives one. */
  readonly reason?: string;
}

/** One execution of an order of ours. */
export interface Fill {
  readonly instrument: Instrument;
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  /** The venue's trade id; unique per instrument on Binance. */
  readonly tradeId: string;
  readonly side: Side;
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** Commission, in the smallest unit of `feeAsset`. */
  readonly fee: bigint;
  readonly feeAsset: string;
  readonly isMaker: boolean;
  /** The venue's transaction time, microseconds since the epoch. */
  readonly atUs: number;
}

/** What an account holds of one asset, in its smallest unit. */
export interface Balance {
  readonly free: bigint;
  readonly locked: bigint;
}

/** What a wallet holds of one asset, exact. */
export interface WalletBalance {
  readonly wallet: string;
  readonly asset: string;
  /** In the asset's smallest unit, 10^-decimals. */
  readonly units: bigint;
  readonly decimals: number;
}
