export type {
  BinanceClient,
  BinanceCredentials,
  BinanceEnvironment,
  BinanceFuturesClient,
  BinanceMarketClient,
  BinanceMarketOptions,
  BinanceOptions,
  BinanceProduct,
  BinanceRegion,
  BinanceUrls,
  MarketStream,
  MarketStreamOptions,
  UserStream,
  UserStreamOptions,
} from "./client.ts";
export { binanceSpot, createBinance } from "./create-binance.ts";
export type { BinanceEndpoints } from "./endpoints.ts";
export { binanceEndpoints } from "./list-endpoints.ts";
export { binanceFutures, createBinanceMarket } from "./market-client.ts";
export type { OrderLimit } from "./order-budget.ts";
export { RecordedMarket, type RecordedMarketOptions } from "./recorded-market.ts";
export type { RecordedMarketTally } from "./recorded-tally.ts";
