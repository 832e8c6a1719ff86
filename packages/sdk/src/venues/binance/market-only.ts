export type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
export {
  createBinanceMarket,
  type LightFuturesClient,
  type LightMarketClient,
  type LightMarketOptions,
  type LightStreamOptions,
} from "./light-client.ts";
export {
  bars,
  dualFeed,
  forAwait,
  frameScanner,
  manySockets,
  moreCalls,
  otherPlaces,
  regionalTransport,
  tradeBackfill,
} from "./optional-parts.ts";
export type {
  BinanceEnvironment,
  BinanceMarketOptions,
  BinanceProduct,
  BinanceRegion,
  BinanceUrls,
} from "./options.ts";
export { type MarketPart, MissingPartError, type PartName } from "./parts.ts";
