import type { MarketCalls } from "../../calls.ts";
import { check, checkObject } from "../../checks.ts";
import { createEvents } from "../../client-events.ts";
import type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
import type { BinanceFuturesClient, BinanceMarketClient } from "./capabilities.ts";
import { CoreMarket } from "./core-market.ts";
import type { Market } from "./market.ts";
import { openMarket } from "./open-market.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";
import { type MarketPart, needPart, type PartName, type Parts } from "./parts.ts";
import { connectPlainly } from "./plain-network.ts";
import { wire } from "./wiring.ts";

const REGIONAL_OPTIONS = [
  "http",
  "http2",
  "backoff",
  "regionRules",
  "suspectAfterMs",
  "hedgeAfterMs",
  "metrics",
] as const satisfies readonly (keyof BinanceMarketOptions)[];

/** Calls of `market` that the part `moreCalls` brings. */
type MoreCalls = Exclude<keyof MarketCalls, keyof CoreMarket>;

/** `K` when part `P` is not among `N`. */
type Without<N extends PartName, P extends PartName, K> = OrNot<N, P, never, K>;

type OrNot<N extends PartName, P extends PartName, Yes, No> = P extends N ? Yes : No;

/** What a client with the parts `N` needs to know. */
export type LightMarketOptions<N extends PartName = never> = Omit<
  BinanceMarketOptions,
  | Without<N, "regionalTransport", (typeof REGIONAL_OPTIONS)[number]>
  | Without<N, "otherPlaces", "product" | "environment">
> & {
  /** What it can do beyond the plain. Each is an export of `@pitlane/sdk/binance/market`, so that a bundle has only those it names. */
  readonly parts?: readonly MarketPart<N>[];
};

/** What a market stream of a client with the parts `N` may be asked for. */
export type LightStreamOptions<N extends PartName = never> = Omit<
  MarketStreamOptions,
  | Without<N, "dualFeed", "dual">
  | Without<N, "tradeBackfill", "backfillTrades">
  | Without<N, "bars", "bars">
  | Without<N, "forAwait", "overflow" | "onEvent">
> &
  OrNot<N, "forAwait", unknown, Required<Pick<MarketStreamOptions, "onEvent">>>;

/** A market stream of a client with the parts `N`. */
export type LightStream<N extends PartName = never> = Omit<
  MarketStream,
  Without<N, "forAwait", typeof Symbol.asyncIterator>
>;

interface LightGroups<N extends PartName> {
  readonly stream: { market(options: LightStreamOptions<N>): LightStream<N> };
}

/** A client for the market data of Binance spot, with the parts `N`. */
export type LightMarketClient<N extends PartName = never> = Omit<
  BinanceMarketClient,
  "stream" | "market" | "health"
> & {
  readonly market: Omit<BinanceMarketClient["market"], Without<N, "moreCalls", MoreCalls>>;
} & LightGroups<N>;

/** A client for one of Binance's futures markets, with the parts `N`. */
export type LightFuturesClient<N extends PartName = never> = Omit<
  BinanceFuturesClient,
  "stream" | "market" | "health"
> & {
  readonly market: Omit<BinanceFuturesClient["market"], Without<N, "moreCalls", MoreCalls>>;
} & LightGroups<N>;

/**
 * Creates a client for Binance's market data alone, calls and streams, as small as it gets.
 *
 * The plain client keeps every promise: books in sync, gaps told, reads repeated, sockets replaced, the venue's limits kept, one
 * address after the other. `parts` add to it; an option that needs one is not there without it.
 *
 * @throws {InvalidInputError} When an option breaks its rule. @throws {MissingPartError} When it needs a part that is not there.
 * @example
 * import { createBinanceMarket, tradeBackfill } from "@pitlane/sdk/binance/market";
 *
 * const binance = createBinanceMarket({ parts: [tradeBackfill] });
 * const instrument = await binance.market.getInstrument("BTC/USDT");
 * binance.stream.market({ instruments: [instrument], onEvent: (event) => console.log(event.kind) });
 */
export function createBinanceMarket<N extends PartName = never>(
  options?: LightMarketOptions<N> & { readonly product?: "spot" },
): LightMarketClient<N>;
export function createBinanceMarket<N extends PartName = never>(
  options: LightMarketOptions<N> & {
    readonly product: OrNot<N, "otherPlaces", Exclude<BinanceProduct, "spot">, never>;
  },
): LightFuturesClient<N>;
export function createBinanceMarket(
  options: BinanceMarketOptions & { readonly parts?: readonly MarketPart[] } = {},
): LightMarketClient<PartName> {
  checkObject("options", options);
  const { parts = [] } = options;
  const areParts = Array.isArray(parts) && [...parts].every((part) => part?.create !== undefined);
  check(areParts, "parts", "a list of parts, such as tradeBackfill", parts);
  const optional: Parts = Object.fromEntries(parts.map(({ name, create }) => [name, create]));
  for (const name of REGIONAL_OPTIONS) if (options[name] !== undefined) needPart(optional, "regionalTransport", name);
  const newMarket = optional.moreCalls ?? ((of) => new CoreMarket(of) as Market); // as its type tells
  const connect = optional.regionalTransport ?? connectPlainly;
  const wiring = wire(options, connect, newMarket, optional.otherPlaces?.(), createEvents());
  const { venue, market, events, close } = wiring;
  return { venue, market, events, close, stream: { market: (of) => openMarket(wiring, optional, of) } };
}
