export type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
export type { BinanceFuturesClient, BinanceMarketClient } from "./capabilities.ts";
export { binanceFutures, createBinanceMarket } from "./market-client.ts";
export type {
  BinanceEnvironment,
  BinanceMarketOptions,
  BinanceProduct,
  BinanceRegion,
  BinanceUrls,
} from "./options.ts";
