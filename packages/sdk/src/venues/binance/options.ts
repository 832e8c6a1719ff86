import type { Clock, Random } from "@pitlane/perf";
import type { MetricsRegistry } from "@pitlane/perf/metrics";
import type { TransportOptions } from "../../transport/options.ts";
import type { OrderLimit } from "./order-budget.ts";

/** Which of Binance's markets: they differ in paths and in the sequence rule of their depth streams. Only `spot` takes orders here. */
export type BinanceProduct = "spot" | "usdm" | "coinm";

export interface BinanceUrls {
  /** Origin of the REST API, `https://api.binance.com`. */
  readonly rest: string;
  /** Origin of the market streams, `wss://stream.binance.com:9443`. */
  readonly stream: string;
  /** The WebSocket API with its path, `wss://ws-api.binance.com:443/ws-api/v3`. */
  readonly wsApi: string;
}

/** Addresses that fail together, and that calls and sockets leave for others. */
export interface BinanceRegion extends BinanceUrls {
  /** Unique among the regions. */
  readonly name: string;
}

/** `production`, or one of the venue's places to try things in, with keys of their own. `demo` shows the live market. */
export type BinanceEnvironment = "production" | "testnet" | "demo";

/** What a client for market data needs to know. */
export interface BinanceMarketOptions extends TransportOptions {
  /** Default `spot`. */
  readonly product?: BinanceProduct;
  /** Venue name in instrument ids; default `binance`, `binance-usdm`, `binance-coinm` by product. */
  readonly venue?: string;
  /** Default `production`. The others are spot's. Not with `urls` or `regions`. */
  readonly environment?: BinanceEnvironment;
  /** One address for each service; not with `regions`. */
  readonly urls?: BinanceUrls;
  /** Several addresses for each service; the first is preferred until measured. Default: the product's production hosts. */
  readonly regions?: readonly BinanceRegion[];
  /** Limit for connecting, in milliseconds; 1 to 600,000, default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Limit for a whole call, its tries and waits included, in milliseconds; 1 to 600,000, default 10,000. */
  readonly callTimeoutMs?: number;
  /** Most sockets per origin; 1 to 1,000, default 20. */
  readonly connections?: number;
  /** Speaks HTTP/2 where the venue does. Default false: over one socket, a lost packet holds up every call. */
  readonly http2?: boolean;
  /** How often a read, or what is provably unsent, is tried again; 0 to 100, default 3. */
  readonly retries?: number;
  /** Sends a read to a second region as well when the first has not answered after this many milliseconds. Default: never. */
  readonly hedgeAfterMs?: number;
  /** Request weight a minute to stay below, the venue's limit per address; default 6,000 on spot, 2,400 on futures. */
  readonly requestWeight?: number;
  /** Counters and latencies of every call go here. */
  readonly metrics?: MetricsRegistry;
  readonly clock?: Clock;
  readonly random?: Pick<Random, "next">;
}

export interface BinanceCredentials {
  readonly apiKey: string;
  /** The secret of an HMAC key, or the private key of an Ed25519 or RSA one in PEM. */
  readonly apiSecret: string;
}

/** What a client needs to know; everything has a default. */
export interface BinanceOptions extends BinanceMarketOptions {
  /** Needed for `orders`, `account` and `stream.user`. */
  readonly credentials?: BinanceCredentials;
  /** How long after its timestamp the venue may still act on a signed request, in milliseconds; 1 to 60,000, default 5,000. */
  readonly recvWindowMs?: number;
  /** Which way signed calls go; default `rest`. Over `webSocket` they share one socket, which spares most of a request's cost. */
  readonly orderTransport?: "rest" | "webSocket";
  /**
   * Orders of the account to stay below, by the length of their windows; `[]` for no limit. Default: what the venue announces in
   * exchangeInfo and, until that was read, 100 in 10 seconds and 200,000 a day.
   */
  readonly orderLimits?: readonly OrderLimit[];
  /** Collects single order calls for up to `maxAgeMs`, which counts as their time, or `maxSize` of them, and sends them together. Default: not. */
  readonly batching?: { readonly maxAgeMs: number; readonly maxSize: number };
  /** Measures the venue's clock after the first signed call and every half hour, so that a wrong host clock does no harm. Default true. */
  readonly clockSync?: boolean;
}
