import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { check, checkList, checkObject, shown } from "../../checks.ts";
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
  /** @throws {InvalidInputError} When it is no product. */
  readonly factsOf: (product: Exclude<BinanceProduct, "spot">) => ProductFacts;
  /** The addresses of an environment. @throws {InvalidInputError} When it is none, or the product not spot, which alone has them. */
  readonly placeOf: (
    environment: Exclude<BinanceEnvironment, "production">,
    product: BinanceProduct,
  ) => BinanceEndpoints;
}

/**
 * What differs between the venue's markets.
 *
 * @throws {MissingPartError} When it is not spot, and no part tells of others. @throws {InvalidInputError} When it is no product.
 */
export function factsOf(product: BinanceProduct, others: OtherPlaces | undefined): ProductFacts {
  if (product === "spot") return SPOT;
  if (others === undefined) throw new MissingPartError(`product ${shown(product)}`, "otherPlaces");
  return others.factsOf(product);
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
  if ([urls, regions, environment].filter((given) => given !== undefined).length > 1) {
    throw new InvalidInputError("give one of urls, regions and environment");
  }
  if (urls !== undefined) return own([{ name: "default", ...urls }], "urls");
  if (regions !== undefined) return own(regions, "regions");
  if (environment === undefined || environment === "production") return endpoints;
  if (others === undefined) throw new MissingPartError(`environment ${shown(environment)}`, "otherPlaces");
  return others.placeOf(environment, product);
}

function own(regions: readonly BinanceRegion[], name: string): BinanceEndpoints {
  checkList("regions", regions);
  integerInRange("regions.length", regions.length, 1, 1_000);
  const seen = new Set<string>();
  const rest: Endpoint[] = [];
  const stream: Endpoint[] = [];
  regions.forEach((region, i) => {
    const where = name === "urls" ? name : `${name}[${i}]`;
    checkObject(where, region);
    const { name: label } = region;
    check(typeof label === "string" && label !== "" && !seen.has(label), `${where}.name`, "unique text", label);
    seen.add(label);
    rest.push(at(label, originOf(`${where}.rest`, region.rest, ["http:", "https:"])));
    stream.push(at(label, originOf(`${where}.stream`, region.stream, ["ws:", "wss:"])));
  });
  return { rest, stream };
}

/** An origin without a trailing slash, so that a path can be appended. */
function originOf(name: string, text: string, protocols: readonly string[]): string {
  const url = urlOf(name, text, protocols);
  check(url.pathname === "/" && url.search === "", name, "an origin without a path", url.origin + url.pathname);
  return `${url.protocol}//${url.host}`;
}

/** @throws {InvalidInputError} When `text` is no URL of these protocols. */
export function urlOf(name: string, text: string, protocols: readonly string[]): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
  const rule = `a URL of ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
  check(url !== undefined && protocols.includes(url.protocol), name, rule, text);
  return url;
}
