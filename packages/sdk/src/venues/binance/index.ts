export type {
  BinanceClient,
  BinanceOptions,
  BinanceProduct,
  BinanceUrls,
  MarketStream,
  MarketStreamOptions,
  SubmitOptions,
  UserStream,
  UserStreamOptions,
} from "./client.ts";
export { createBinance } from "./create-binance.ts";
