import type { KnowsHealth } from "../../health.ts";
import type { Capabilities, ClientOf } from "../../venue.ts";

/** Binance spot: everything there is, but wallets of a chain. */
export const SPOT_CAPABILITIES = {
  market: ["listInstruments", "getInstrument", "getServerTimeUs", "getBook", "listTrades", "listBars", "getTopOfBook"],
  orders: [
    "submit",
    "cancel",
    "amend",
    "replace",
    "cancelAll",
    "submitMany",
    "cancelMany",
    "amendMany",
    "submitList",
    "cancelList",
    "getList",
    "get",
    "listOpen",
    "listFills",
  ],
  orderKinds: ["limit", "postOnly", "market", "marketByQuote", "stop", "stopLimit", "takeProfit", "takeProfitLimit"],
  account: ["getBalances"],
  stream: ["market", "user"],
} as const satisfies Capabilities;

/** Spot's market data alone. */
export const SPOT_MARKET_CAPABILITIES = {
  market: SPOT_CAPABILITIES.market,
  stream: ["market"],
} as const satisfies Capabilities;

/** Binance's futures, USD-M and COIN-M: market data. */
export const FUTURES_CAPABILITIES = {
  market: ["listInstruments", "getInstrument", "getServerTimeUs", "getBook", "listBars", "getTopOfBook"],
  stream: ["market"],
} as const satisfies Capabilities;

/** A client for Binance spot. */
export interface BinanceClient extends ClientOf<typeof SPOT_CAPABILITIES>, KnowsHealth {}

/** A client for the market data of Binance spot. */
export interface BinanceMarketClient extends ClientOf<typeof SPOT_MARKET_CAPABILITIES>, KnowsHealth {}

/** A client for one of Binance's futures markets. It takes no orders, so it has no `orders` and no `account`. */
export interface BinanceFuturesClient extends ClientOf<typeof FUTURES_CAPABILITIES>, KnowsHealth {}
