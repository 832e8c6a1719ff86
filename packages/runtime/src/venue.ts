import type { AccountCalls, MarketCalls, OrderCalls, StreamCalls } from "@pitlane/sdk";

/** What a session needs of a venue to watch it: any client of the SDK with market streams has it. */
export interface MarketVenue {
  readonly market: Pick<MarketCalls, "listInstruments" | "getServerTimeUs">;
  readonly stream: Pick<StreamCalls, "market">;
}

/** The kinds of order that intents become. */
export type IntentKinds = "limit" | "postOnly" | "market";

/** What it needs to trade there as well. */
export interface TradingVenue extends MarketVenue {
  readonly stream: Pick<StreamCalls, "market" | "user">;
  readonly orders: OrderVenue;
  readonly account: Pick<AccountCalls, "getBalances">;
}

/** The calls about orders that the gateway makes. */
export type OrderVenue = Pick<OrderCalls<IntentKinds>, "submit" | "cancel" | "get" | "listFills">;
