import { createEvents } from "../../client-events.ts";
import { refuseUnknown } from "../../known-options.ts";
import { defineVenue } from "../../venue.ts";
import { ALL_PARTS } from "./all-parts.ts";
import {
  type BinanceFuturesClient,
  type BinanceMarketClient,
  FUTURES_CAPABILITIES,
  SPOT_MARKET_CAPABILITIES,
} from "./capabilities.ts";
import { CLIENT, MARKET_CLIENT } from "./known-options.ts";
import { openWatchedMarket } from "./open-watched-market.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";
import { connectRegions } from "./regional-network.ts";
import { wire } from "./wiring.ts";

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
 * Creates a client for Binance's market data alone, calls and streams, with every part there is. Where the size of a bundle counts,
 * `createBinanceMarket` of `@pitlane/sdk/binance/market` has only those that are named.
 *
 * @throws {InvalidInputError} When an option breaks its rule.
 * @example
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
  refuseUnknown("createBinanceMarket", options, MARKET_CLIENT);
  const isSpot = (options.product ?? "spot") === "spot";
  return isSpot ? spotMarket.create(options) : binanceFutures.create(options);
}

function connectMarket(options: BinanceMarketOptions): BinanceMarketClient {
  refuseUnknown("a client for market data", options, CLIENT); // of `createBinance`, some of which do nothing here
  const wiring = wire(
    options,
    (place) => connectRegions(place),
    ALL_PARTS.moreCalls,
    ALL_PARTS.otherPlaces(),
    createEvents(),
  );
  const { venue, network, market, events, close } = wiring;
  return {
    venue,
    market,
    stream: { market: (of) => openWatchedMarket(wiring, of) },
    events,
    health: () => network.health(),
    close,
  };
}
