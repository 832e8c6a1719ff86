export type { AxiomAccountCalls, PortfolioRequest, Wallets } from "./account.ts";
export type { BatchingOptions } from "./balances.ts";
export type { AxiomClient, AxiomOptions, UnverifiedAxiomClient } from "./client.ts";
export { axiomVenue, createAxiom } from "./create-axiom.ts";
export {
  AXIOM_REGIONS,
  AXIOM_URLS,
  type AxiomRegion,
  type AxiomUrls,
  type LocalPaths,
  localUrls,
} from "./endpoints.ts";
export { TurnstileRequiredError } from "./errors.ts";
export {
  type EucalyptusEvent,
  type EucalyptusStream,
  type EucalyptusStreamOptions,
  TRACKED_CHAINS,
  type TrackedChain,
} from "./eucalyptus-stream.ts";
export type { FeedOptions, FeedOverflow } from "./event-feed.ts";
export type { FriendsEvent, FriendsPage, FriendsStream, FriendsStreamOptions } from "./friends-stream.ts";
export type { PasswordCredentials, WalletCredentials } from "./login.ts";
export {
  type AxiomMarketCalls,
  CHART_INTERVALS,
  type ChartInterval,
  type ChartQuery,
  type TokenQuery,
} from "./market.ts";
export { type PulseAge, type PulseFilter, type PulseRange, pulseFilter } from "./pulse-filter.ts";
export type { PulseEvent, PulseGap, PulseState, PulseStream, PulseStreamOptions } from "./pulse-stream.ts";
export type { PulseUpdate } from "./pulse-tables.ts";
export type { PushEvent, PushStream } from "./push-stream.ts";
export { RecordedAxiom, type RecordedAxiomTally } from "./recorded-axiom.ts";
export type { PositionReport, ReportedPreset, TransactionReport } from "./reports.ts";
export type { Query } from "./rest.ts";
export type { RoomContent, RoomEvent, RoomGap, RoomResync, TokenActivity } from "./room-events.ts";
export type { RoomStream, RoomStreamOptions } from "./room-stream.ts";
export { axiomRooms, type Coin, TRENDING_PERIODS, type TrendingPeriod } from "./rooms.ts";
export type { AxiomCredentials, AxiomSessionCalls, SessionInfo } from "./session.ts";
export type { AxiomStreamCalls } from "./stream.ts";
export type { AxiomSession, AxiomTokens } from "./tokens.ts";
export {
  type AxiomTrackingCalls,
  type BnbTrackedFilter,
  TRACKED_TYPES,
  type TrackedFilter,
  type TrackedType,
  type TrackedWallet,
  type WalletTransactions,
} from "./tracking.ts";
export type {
  AxiomTransactionCalls,
  SignedTransaction,
  SubmitControl,
  SubmittedTransaction,
} from "./transactions.ts";
export type { TurnkeyRequest } from "./turnkey.ts";
export type { AxiomUnverifiedCalls, UnverifiedPortfolioRequest } from "./unverified.ts";
export type { Alerts, HeldWallet, TokenAccount, TokenAccounts } from "./wire/account.ts";
export type { Announcement, ChartBar, Lighthouse, ProtocolActivity } from "./wire/market.ts";
export type { FoundPair, PairInfo, PairMinute, TokenInfo, WalletFunding } from "./wire/pair.ts";
export { type PulseChange, type PulseRow, type PulseTable, pulseColumn } from "./wire/pulse.ts";
export type { MoreColumns, MoreFields, OpenRecord } from "./wire/read.ts";
export type { Settings, TradePreset, TradePresets } from "./wire/settings.ts";
export type { DevToken, DevTokens, NewPair, RelatedToken, SearchHit, TokenAnalysis } from "./wire/tokens.ts";
export type { EucalyptusTrade, TrackedTransaction } from "./wire/tracked.ts";
export type { TraderFunding, TraderObject, TraderRow } from "./wire/traders.ts";
export type { PairTransaction, PairTransactionObject, RoomTrade } from "./wire/transactions.ts";
export type { SparkPoint, TrendingRow } from "./wire/trending.ts";
export type { TradedPair, WalletTrade } from "./wire/wallet-trade.ts";
