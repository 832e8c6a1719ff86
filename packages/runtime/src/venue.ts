import type {
  AccountCalls,
  Balance,
  CallControl,
  ClientEvents,
  ClientHealth,
  Instrument,
  MarketCalls,
  MarketStream,
  MarketStreamOptions,
  OrderCalls,
  UserStream,
  UserStreamOptions,
} from "@pitlane/sdk";

/** What a session uses of a market stream. */
export type MarketFeed = Pick<MarketStream, "ready" | "book" | "counters" | "close">;

/** What it uses of a user stream. */
export type UserFeed = Pick<UserStream, "ready" | "close">;

/** What a session needs of a venue to watch it: any client of the SDK with market streams has it. */
export interface MarketVenue extends VenueNetwork {
  readonly market: Pick<MarketCalls, "listInstruments" | "getServerTimeUs">;
  readonly stream: { market(options: MarketStreamOptions): MarketFeed };
  /** By venue, where `combineVenues` has made one of several. */
  listNetworks?(): ReadonlyMap<string, VenueNetwork>;
}

/** What a client may tell of its network: those of the SDK do. Left out, a session knows nothing of it. */
export interface VenueNetwork {
  health?(): ClientHealth;
  readonly events?: VenueEvents;
}

/** What a session listens to of a client's events: what held calls up, and what became of sockets. */
export interface VenueEvents {
  on(event: "waited", listener: ClientEvents["waited"]): unknown;
  on(event: "connectionChanged", listener: ClientEvents["connectionChanged"]): unknown;
  off(event: "waited", listener: ClientEvents["waited"]): unknown;
  off(event: "connectionChanged", listener: ClientEvents["connectionChanged"]): unknown;
}

/** The kinds of order that intents become, as the SDK names them. */
export type IntentKinds = "limit" | "postOnly" | "market" | "stop" | "stopLimit" | "takeProfit" | "takeProfitLimit";

/** What it needs to trade there as well. */
export interface TradingVenue extends MarketVenue {
  readonly stream: MarketVenue["stream"] & { user(options: UserStreamOptions): UserFeed };
  readonly orders: OrderVenue;
  readonly account: VenueAccount;
}

/** Balances of the account; by venue as well, where `combineVenues` has made one of several. */
export interface VenueAccount extends Pick<AccountCalls, "getBalances"> {
  listBalances?(control?: CallControl): Promise<ReadonlyMap<string, ReadonlyMap<string, Balance>>>;
}

/** The calls about orders that the gateway makes. Without `amend` no order can be made smaller; without `listOpen` only known orders are reconciled. */
export interface OrderVenue
  extends Pick<OrderCalls<IntentKinds>, "submit" | "cancel" | "get" | "listFills">,
    Partial<Pick<OrderCalls<IntentKinds>, "amend" | "cancelAll" | "listOpen" | "submitMany">> {
  /**
   * Orders that one batch request of the venue takes: `submitMany` is then used for what waits. Left out where `submitMany` makes a request of
   * each order, as on Binance spot: single calls are as good there, and each has its own end.
   */
  readonly batchLimit?: number;
  /**
   * Whether it takes a kind of order of an instrument. One that it does not take is never sent: it ends `rejected`, code
   * `ORDER_KIND_NOT_SUPPORTED`. Left out, all are sent.
   */
  takesKind?(kind: IntentKinds, instrument: Instrument): boolean;
}
