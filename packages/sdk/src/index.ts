export { bookDigest } from "./book/digest.ts";
export { Levels } from "./book/levels.ts";
export { type BookSideName, OrderBook } from "./book/order-book.ts";
export {
  AuthError,
  InvalidInputError,
  NetworkError,
  OrderNotFoundError,
  OutcomeUnknownError,
  PitlaneError,
  ProtocolError,
  RateLimitError,
  RejectedError,
  RequestError,
  type RequestOutcome,
  TimeoutError,
  VenueError,
  VenueUnavailableError,
} from "./errors.ts";
export { ASSET_DECIMALS, type Instrument } from "./model/instrument.ts";
export type {
  Balance,
  Fill,
  LimitOrderRequest,
  MarketOrderRequest,
  OrderRef,
  OrderReport,
  OrderRequest,
  PostOnlyOrderRequest,
  Side,
  TimeInForce,
  VenueOrderStatus,
} from "./model/order.ts";
export { baseUnits, formatScaled, formatUnits, notionalUnits, parseScaled, parseUnits } from "./model/scale.ts";
export type {
  BookEvent,
  GapEvent,
  InstrumentCounters,
  MarketEvent,
  QuoteEvent,
  ResyncEvent,
  TradeEvent,
} from "./stream/events.ts";
