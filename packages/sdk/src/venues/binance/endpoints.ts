import { InvalidInputError } from "@pitlane/perf";
import type { Endpoint } from "../../region/endpoints.ts";
import type { BinanceEnvironment, BinanceMarketOptions, BinanceProduct, BinanceRegion } from "./options.ts";
import { MissingPartError } from "./parts.ts";

/** The addresses of Binance's services for market data, the preferred one first. `wsApiOf` has those of the WebSocket API. */
export interface BinanceEndpoints {
  readonly rest: readonly Endpoint[];
  readonly stream: readonly Endpoint[];
}

/** What differs between the venue's markets. */
export interface ProductFacts {
  readonly venue: string;
  readonly endpoints: BinanceEndpoints;
  /** Path of the REST API. */
  readonly apiPath: string;
  /** Most levels of a depth snapshot. */
  readonly snapshotLimit: number;
  /** Request weight a minute and address. */
  readonly requestWeight: number;
}

export const at = (region: string, url: string): Endpoint => ({ region, url });

/** Binance spot. Source of this and of what is below: Binance API documentation, 2026-07. */
const SPOT: ProductFacts = {
  venue: "binance",
  endpoints: {
    rest: ["api", "api-gcp", "api1", "api2", "api3", "api4"].map((name) => at(name, `https://${name}.binance.com`)),
    stream: [at("9443", "wss://stream.binance.com:9443"), at("443", "wss://stream.binance.com:443")],
  },
  apiPath: "/api/v3",
  snapshotLimit: 5_000,
  requestWeight: 6_000,
};

/** Other markets than spot, and other places than production. */
export interface OtherPlaces {
  readonly futures: Readonly<Record<Exclude<BinanceProduct, "spot">, ProductFacts>>;
  /** Spot's. */
  readonly environments: Readonly<Record<Exclude<BinanceEnvironment, "production">, BinanceEndpoints>>;
}

/**
 * What differs between the venue's markets.
 *
 * @throws {MissingPartError} When it is not spot, and no part tells of others. @throws {InvalidInputError} When it is no product.
 */
export function factsOf(product: BinanceProduct, others: OtherPlaces | undefined): ProductFacts {
  if (product === "spot") return SPOT;
  if (others === undefined) throw new MissingPartError(`product "${product}"`, "otherPlaces");
  const facts = others.futures[product];
  if (facts !== undefined) return facts;
  throw new InvalidInputError(`product must be one of spot, usdm, coinm, got ${JSON.stringify(product)}`);
}

/**
 * The addresses that options ask for.
 *
 * @throws {InvalidInputError} When they name more than one set of addresses, or one that is none.
 * @throws {MissingPartError} When they name a place that no part tells of.
 */
export function endpointsOf(
  { endpoints }: ProductFacts,
  { product = "spot", urls, regions, environment }: BinanceMarketOptions,
  others: OtherPlaces | undefined,
): BinanceEndpoints {
  if (urls !== undefined && regions !== undefined) throw new InvalidInputError("give urls or regions, not both");
  if (environment !== undefined && (urls !== undefined || regions !== undefined)) {
    throw new InvalidInputError(
      "environment names addresses of the venue: it does not go together with urls or regions",
    );
  }
  if (urls !== undefined) return own([{ name: "default", ...urls }], "urls");
  if (regions !== undefined) return own(regions, "regions");
  if (environment === undefined || environment === "production") return endpoints;
  if (others === undefined) throw new MissingPartError(`environment "${environment}"`, "otherPlaces");
  const place = others.environments[environment];
  if (place === undefined) {
    throw new InvalidInputError(
      `environment must be "production", "testnet" or "demo", got ${JSON.stringify(environment)}`,
    );
  }
  if (product !== "spot") throw new InvalidInputError(`environment "${environment}" is for product "spot"`);
  return place;
}

function own(regions: readonly BinanceRegion[], name: string): BinanceEndpoints {
  if (regions.length === 0) throw new InvalidInputError("regions must have at least one region");
  const seen = new Set<string>();
  const rest: Endpoint[] = [];
  const stream: Endpoint[] = [];
  regions.forEach((region, i) => {
    const where = name === "urls" ? name : `${name}[${i}]`;
    const { name: label } = region;
    if (typeof label !== "string" || label === "") throw new InvalidInputError("regions: each must have a name");
    if (seen.has(label)) throw new InvalidInputError(`regions: the name ${JSON.stringify(label)} is there twice`);
    seen.add(label);
    rest.push(at(label, originOf(`${where}.rest`, region.rest, ["http:", "https:"])));
    stream.push(at(label, originOf(`${where}.stream`, region.stream, ["ws:", "wss:"])));
  });
  return { rest, stream };
}

/** An origin without a trailing slash, so that a path can be appended. */
function originOf(name: string, text: string, protocols: readonly string[]): string {
  const url = urlOf(name, text, protocols);
  if (url.pathname === "/" && url.search === "") return `${url.protocol}//${url.host}`;
  throw new InvalidInputError(`${name} must be an origin without a path, got ${url.origin}${url.pathname}`);
}

/** @throws {InvalidInputError} When `text` is no URL of these protocols. */
export function urlOf(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol)) return url;
  throw new InvalidInputError(
    `${name} must be a URL of ${protocols.map((protocol) => `${protocol}//`).join(" or ")}, got ${JSON.stringify(text)}`,
  );
}
