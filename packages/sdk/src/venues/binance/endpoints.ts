import type { BinanceProduct, BinanceUrls } from "./client.ts";

interface ProductFacts {
  readonly venue: string;
  readonly urls: BinanceUrls;
  /** Path of the REST API. */
  readonly apiPath: string;
  /** Levels asked for in a depth snapshot: the most the product gives. */
  readonly snapshotLimit: number;
}

/** What differs between Binance's markets in names and addresses. Source: Binance API documentation, 2026-07. */
export const PRODUCTS: Readonly<Record<BinanceProduct, ProductFacts>> = {
  spot: {
    venue: "binance",
    urls: {
      rest: "https://api.binance.com",
      stream: "wss://stream.binance.com:9443",
      wsApi: "wss://ws-api.binance.com:443/ws-api/v3",
    },
    apiPath: "/api/v3",
    snapshotLimit: 5_000,
  },
  usdm: {
    venue: "binance-usdm",
    urls: {
      rest: "https://fapi.binance.com",
      stream: "wss://fstream.binance.com",
      wsApi: "wss://ws-fapi.binance.com/ws-fapi/v1",
    },
    apiPath: "/fapi/v1",
    snapshotLimit: 1_000,
  },
  coinm: {
    venue: "binance-coinm",
    urls: {
      rest: "https://dapi.binance.com",
      stream: "wss://dstream.binance.com",
      wsApi: "wss://ws-dapi.binance.com/ws-dapi/v1",
    },
    apiPath: "/dapi/v1",
    snapshotLimit: 1_000,
  },
};
