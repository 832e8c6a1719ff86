import type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
import { defineVenue } from "../../venue.ts";
import {
  type BinanceFuturesClient,
  type BinanceMarketClient,
  FUTURES_CAPABILITIES,
  SPOT_MARKET_CAPABILITIES,
} from "./capabilities.ts";
import { openMarketStream } from "./market-stream.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";
import { type Wiring, wire } from "./wiring.ts";

const spotMarket = defineVenue({
  name: "binance",
  capabilities: SPOT_MARKET_CAPABILITIES,
  create: (options: BinanceMarketOptions): BinanceMarketClient => connectMarket(options),
});

/** Binance's futures, as a venue; `product` says which. */
export const binanceFutures = defineVenue({
  name: "binance-futures",
  capabilities: FUTURES_CAPABILITIES,
  create: (options: BinanceMarketOptions): BinanceFuturesClient => connectMarket({ product: "usdm", ...options }),
});

/**
 * Creates a client for Binance's market data alone, calls and streams: what an application bundles that does not trade.
 *
 * @throws {InvalidInputError} When an option breaks its rule.
 * @example
 * import { createBinanceMarket } from "@pitlane/sdk/binance/market";
 *
 * const binance = createBinanceMarket();
 * const instrument = await binance.market.getInstrument("BTC/USDT");
 * for await (const event of binance.stream.market({ instruments: [instrument] })) console.log(event.kind);
 */
export function createBinanceMarket(
  options?: BinanceMarketOptions & { readonly product?: "spot" },
): BinanceMarketClient;
export function createBinanceMarket(
  options: BinanceMarketOptions & { readonly product: Exclude<BinanceProduct, "spot"> },
): BinanceFuturesClient;
export function createBinanceMarket(options: BinanceMarketOptions): BinanceMarketClient | BinanceFuturesClient;
export function createBinanceMarket(options: BinanceMarketOptions = {}): BinanceMarketClient | BinanceFuturesClient {
  const isSpot = (options.product ?? "spot") === "spot";
  return isSpot ? spotMarket.create(options) : binanceFutures.create(options);
}

function connectMarket(options: BinanceMarketOptions): BinanceMarketClient {
  const wiring = wire(options, () => undefined);
  const { venue, market, events, close } = wiring;
  return { venue, market, events, close, stream: { market: (of) => openMarket(wiring, of) } };
}

/** Opens a market stream that is closed with its client. @throws {InvalidInputError} When an option breaks its rule. */
export function openMarket(wiring: Wiring, options: MarketStreamOptions): MarketStream {
  wiring.checkOpen();
  const { product, venue, rest, regions, connectTimeoutMs, clock, random } = wiring;
  let forget = () => {};
  const stream = openMarketStream(options, {
    product,
    venue,
    endpoints: regions.service("stream"),
    rest,
    connectTimeoutMs,
    clock,
    random,
    onClose: () => forget(),
  });
  forget = wiring.own(stream);
  return stream;
}
