import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { VenueDefinition } from "@pitlane/sdk";
import { type BinanceUrls, createBinanceMarket } from "@pitlane/sdk/binance";
import { loadFile } from "../plugins/load.ts";
import type { MarketVenue } from "../venue.ts";

/** A client that gives market data, and is closed by whoever opened it. */
export type MarketClient = MarketVenue & { close(): Promise<void> };

/** Venues that the program knows by name. */
const VENUES: Readonly<Record<string, () => MarketClient>> = {
  binance: () => createBinanceMarket(),
  "binance-usdm": () => createBinanceMarket({ product: "usdm" }),
  "binance-coinm": () => createBinanceMarket({ product: "coinm" }),
};

/** The names of venues that have market streams. */
export const VENUE_NAMES: readonly string[] = Object.keys(VENUES);

/**
 * Opens the market data of a venue: one that the program knows, a paper exchange that runs at `exchangeUrl`, or one of the user's own, a
 * file whose default export `defineVenue` made.
 *
 * @throws {InvalidInputError} When there is none of that name, or the file exports no venue with market streams.
 */
export async function openMarket(name: string, exchangeUrl: string | undefined, cwd: string): Promise<MarketClient> {
  if (exchangeUrl !== undefined) return createBinanceMarket({ venue: "paper", urls: urlsOf(exchangeUrl) });
  const known = VENUES[name];
  if (known !== undefined) return known();
  if (!/[./\\]/.test(name))
    throw new InvalidInputError(
      `there is no venue ${name}: there are ${VENUE_NAMES.join(", ")}, or name a file that exports one, such as ./my-venue.ts`,
    );
  const { default: venue } = (await loadFile(resolve(cwd, name), name)) as { readonly default?: unknown };
  if (!hasMarketStreams(venue))
    throw new InvalidInputError(`${name} exports no venue with market streams: export default defineVenue({ ... })`);
  return venue.create({});
}

/** Addresses of a paper exchange, by the one of its REST. */
export function urlsOf(rest: string): BinanceUrls {
  const { host } = new URL(rest);
  return { rest, stream: `ws://${host}`, wsApi: `ws://${host}/ws-api/v3` };
}

type AnyVenue = Pick<VenueDefinition<{ readonly market: [] }, object, never>, "name"> & {
  create(options: object): MarketClient;
};

function hasMarketStreams(value: unknown): value is AnyVenue {
  const { create, capabilities } = (value ?? {}) as { create?: unknown; capabilities?: { stream?: readonly string[] } };
  return typeof create === "function" && capabilities?.stream?.includes("market") === true;
}
