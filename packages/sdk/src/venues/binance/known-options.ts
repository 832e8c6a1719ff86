import type { Names } from "../../known-options.ts";
import type { MarketStreamOptions } from "../../stream/streams.ts";
import type { BinanceMarketOptions, BinanceOptions } from "./options.ts";

/** The options of a client for market data. */
export const MARKET_CLIENT: Names<BinanceMarketOptions> = {
  ...({ product: true, venue: true, environment: true, urls: true, regions: true, connectTimeoutMs: true } as const),
  ...({ callTimeoutMs: true, connections: true, http2: true, retries: true, hedgeAfterMs: true } as const),
  ...({ requestWeight: true, metrics: true, clock: true, random: true, http: true, backoff: true } as const),
  ...({ regionRules: true, suspectAfterMs: true } as const),
};

/** The options of a client for everything. */
export const CLIENT: Names<BinanceOptions> = {
  ...MARKET_CLIENT,
  ...({ credentials: true, recvWindowMs: true, orderTransport: true, orderLimits: true, batching: true } as const),
  ...({ clockSync: true } as const),
};

/** The options of a market stream. */
export const MARKET_STREAM: Names<MarketStreamOptions> = {
  ...({ instruments: true, streams: true, bars: true, snapshotLimit: true, dual: true, backfillTrades: true } as const),
  ...({ staleAfterMs: true, onEvent: true, onFrameEnd: true, onError: true, overflow: true, signal: true } as const),
};
