export { type Outcome, unwrap } from "./batch/outcome.ts";
export { bookDigest } from "./book/digest.ts";
export { Levels } from "./book/levels.ts";
export { type BookSideName, OrderBook, type OrderBookOptions } from "./book/order-book.ts";
export type {
  AccountCalls,
  BarsControl,
  CallControl,
  MarketCalls,
  OrderCalls,
  PageControl,
  StreamCalls,
  WriteControl,
} from "./calls.ts";
export type { ClientEmitter, ClientEvents } from "./client-events.ts";
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
export type {
  BudgetHealth,
  ClientHealth,
  ConnectionHealth,
  ConnectionState,
  EndpointHealth,
  KnowsHealth,
} from "./health.ts";
export type { Bar, BarInterval } from "./model/bar.ts";
export { ASSET_DECIMALS, type Instrument } from "./model/instrument.ts";
export type { BookSnapshot, PublicTrade, TopOfBook } from "./model/market-data.ts";
export type {
  AmendRequest,
  Balance,
  Fill,
  LimitOrderRequest,
  MarketByQuoteOrderRequest,
  MarketOrderRequest,
  OrderKind,
  OrderRef,
  OrderReport,
  OrderRequest,
  OrderRequestOf,
  PostOnlyOrderRequest,
  SelfTradePrevention,
  Side,
  StopLimitOrderRequest,
  StopOrderRequest,
  TakeProfitLimitOrderRequest,
  TakeProfitOrderRequest,
  TimeInForce,
  VenueOrderStatus,
  WalletBalance,
} from "./model/order.ts";
export type {
  OcoLeg,
  OcoRequest,
  OrderListRef,
  OrderListReport,
  OrderListRequest,
  OtocoRequest,
  OtoRequest,
} from "./model/order-list.ts";
export { baseUnits, formatScaled, formatUnits, notionalUnits, parseScaled, parseUnits } from "./model/scale.ts";
export {
  SessionCorruptError,
  SessionFileAccessError,
  SessionFileExposedError,
  SessionLostError,
  SessionStoreError,
  SessionUnavailableError,
  UnreadableTokenError,
  WrongPassphraseError,
} from "./session/errors.ts";
export { createFileStore, type FileStoreOptions } from "./session/file-store.ts";
export type { OnOtp, OtpChallenge } from "./session/login.ts";
export { Secret } from "./session/secrets.ts";
export type { SessionTokens } from "./session/session.ts";
export { memoryStore, type SessionStore } from "./session/store.ts";
export type {
  BarEvent,
  BookChange,
  BookEvent,
  Channel,
  GapCause,
  GapEvent,
  InstrumentCounters,
  MarketEvent,
  QuoteEvent,
  ResyncEvent,
  TradeEvent,
} from "./stream/events.ts";
export { type OverflowOptions, type OverflowPolicy, StreamOverflowError } from "./stream/overflow.ts";
export type { LegCounters } from "./stream/socket-feed.ts";
export type {
  BalanceChange,
  MarketStream,
  MarketStreamOptions,
  StaleLimits,
  UserStream,
  UserStreamCounters,
  UserStreamOptions,
} from "./stream/streams.ts";
export { BudgetExhaustedError, CallAbortedError } from "./transport/errors.ts";
export { type Capabilities, type ClientOf, defineVenue, type VenueDefinition } from "./venue.ts";
