import type { Instrument } from "./instrument.ts";

/** Side of an order; `bid` and `ask` are the sides of a book. */
export type Side = "buy" | "sell";

/** How long an order works: until cancelled, for an instant, whole or not at all. */
export type TimeInForce = "GTC" | "IOC" | "FOK";

interface OrderRequestBase {
  readonly instrument: Instrument;
  /** Ours, made before sending, never used twice: the key to ask about when an outcome is unknown. 1 to 36 of `[A-Za-z0-9_-]`. */
  readonly clientOrderId: string;
  readonly side: Side;
  /** In lots; a positive multiple of the instrument's `lotIncrement`. */
  readonly sizeLots: number;
}

/** Trades at `priceTicks` or better. */
export interface LimitOrderRequest extends OrderRequestBase {
  readonly type: "limit";
  /** In ticks; a positive multiple of the instrument's `tickIncrement`. */
  readonly priceTicks: number;
  readonly timeInForce: TimeInForce;
}

/** Rests at `priceTicks` or is refused: never takes. */
export interface PostOnlyOrderRequest extends OrderRequestBase {
  readonly type: "postOnly";
  /** In ticks; a positive multiple of the instrument's `tickIncrement`. */
  readonly priceTicks: number;
}

/** Trades at the best prices there are; what the book cannot fill expires. */
export interface MarketOrderRequest extends OrderRequestBase {
  readonly type: "market";
}

export type OrderRequest = LimitOrderRequest | PostOnlyOrderRequest | MarketOrderRequest;

/** Which order is meant. */
export interface OrderRef {
  readonly instrument: Instrument;
  readonly clientOrderId: string;
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
