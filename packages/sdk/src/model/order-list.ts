import type { Instrument } from "./instrument.ts";
import type {
  LimitOrderRequest,
  MarketOrderRequest,
  OrderReport,
  PostOnlyOrderRequest,
  Side,
  StopLimitOrderRequest,
  StopOrderRequest,
  TakeProfitLimitOrderRequest,
  TakeProfitOrderRequest,
} from "./order.ts";

/** What an order of a list says of itself; instrument, side and size are the list's where it gives them. */
type Leg<R, Given extends PropertyKey> = R extends unknown
  ? Omit<R, "instrument" | "selfTradePrevention" | Given>
  : never;

type ProfitLeg<Given extends PropertyKey> = Leg<
  PostOnlyOrderRequest | TakeProfitOrderRequest | TakeProfitLimitOrderRequest,
  Given
>;
type StopLeg<Given extends PropertyKey> = Leg<StopOrderRequest | StopLimitOrderRequest, Given>;

/** One leg of an OCO pair. */
export type OcoLeg = ProfitLeg<"side" | "sizeLots"> | StopLeg<"side" | "sizeLots">;

interface OrderListBase {
  readonly instrument: Instrument;
  /** The list's own id, ours; as a client order id. */
  readonly clientListId: string;
}

/** Two orders of one side and size, of which the first to trade or trigger cancels the other. */
export interface OcoRequest extends OrderListBase {
  readonly type: "oco";
  readonly side: Side;
  readonly sizeLots: number;
  /** The one above the market: what takes profit of a sell, what stops a buy. One leg takes profit, the other one stops. */
  readonly above: OcoLeg;
  readonly below: OcoLeg;
}

/** An order that is placed when another one has filled wholly. */
export interface OtoRequest extends OrderListBase {
  readonly type: "oto";
  readonly working: Leg<LimitOrderRequest | PostOnlyOrderRequest, never>;
  readonly pending: Leg<
    | LimitOrderRequest
    | PostOnlyOrderRequest
    | MarketOrderRequest
    | StopOrderRequest
    | StopLimitOrderRequest
    | TakeProfitOrderRequest
    | TakeProfitLimitOrderRequest,
    never
  >;
}

/** A pair, one cancelling the other, that is placed when an order has filled wholly: an entry with its target and its stop. */
export interface OtocoRequest extends OrderListBase {
  readonly type: "otoco";
  readonly working: Leg<LimitOrderRequest | PostOnlyOrderRequest, never>;
  /** Side and size of the pair. */
  readonly pendingSide: Side;
  readonly pendingSizeLots: number;
  readonly pendingAbove: OcoLeg;
  readonly pendingBelow: OcoLeg;
}

export type OrderListRequest = OcoRequest | OtoRequest | OtocoRequest;

/** Which list is meant. */
export interface OrderListRef {
  readonly instrument: Instrument;
  readonly clientListId: string;
}

/** The venue's word on a list. */
export interface OrderListReport {
  readonly instrument: Instrument;
  readonly clientListId: string;
  readonly venueListId: string;
  /** `working` while any of its orders may still trade. */
  readonly status: "working" | "done" | "rejected";
  /** Its orders, as far as the answer tells of them: their ids, and reports where it brings them. */
  readonly orders: readonly {
    readonly clientOrderId: string;
    readonly venueOrderId: string;
    readonly report?: OrderReport;
  }[];
  /** The venue's transaction time, microseconds since the epoch. */
  readonly atUs: number;
}
