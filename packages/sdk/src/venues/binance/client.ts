// The types of the streams are the same for all venues: edit them in stream/streams.ts.
export type { MarketStream, MarketStreamOptions, UserStream, UserStreamOptions } from "../../stream/streams.ts";
export type { BinanceClient, BinanceFuturesClient, BinanceMarketClient } from "./capabilities.ts";
export type {
  BinanceCredentials,
  BinanceEnvironment,
  BinanceMarketOptions,
  BinanceOptions,
  BinanceProduct,
  BinanceRegion,
  BinanceUrls,
} from "./options.ts";
