import { InvalidInputError } from "@pitlane/perf";
import type { Endpoint } from "../../region/endpoints.ts";
import type { BinanceEnvironment, BinanceMarketOptions, BinanceProduct, BinanceRegion } from "./options.ts";

/** The addresses of each of Binance's services, the preferred one first. */
export interface BinanceEndpoints {
  readonly rest: readonly Endpoint[];
  readonly stream: readonly Endpoint[];
  /** With the path. */
  readonly wsApi: readonly Endpoint[];
}

interface ProductFacts {
  readonly venue: string;
  readonly endpoints: BinanceEndpoints;
  /** Path of the REST API. */
  readonly apiPath: string;
  /** Most levels of a depth snapshot. */
  readonly snapshotLimit: number;
  /** Request weight a minute and address. */
  readonly requestWeight: number;
}

const at = (region: string, url: string): Endpoint => ({ region, url });

const SPOT: BinanceEndpoints = {
  rest: ["api", "api-gcp", "api1", "api2", "api3", "api4"].map((name) => at(name, `https://${name}.binance.com`)),
  stream: [at("9443", "wss://stream.binance.com:9443"), at("443", "wss://stream.binance.com:443")],
  wsApi: [at("443", "wss://ws-api.binance.com:443/ws-api/v3"), at("9443", "wss://ws-api.binance.com:9443/ws-api/v3")],
};

const TESTNET: BinanceEndpoints = {
  rest: [at("testnet", "https://testnet.binance.vision"), at("testnet1", "https://api1.testnet.binance.vision")],
  stream: [at("testnet", "wss://stream.testnet.binance.vision")],
  wsApi: [at("testnet", "wss://ws-api.testnet.binance.vision/ws-api/v3")],
};

const DEMO: BinanceEndpoints = {
  rest: [at("demo", "https://demo-api.binance.com")],
  stream: [at("demo", "wss://demo-stream.binance.com")],
  wsApi: [at("demo", "wss://demo-ws-api.binance.com/ws-api/v3")],
};

const futures = (letter: string, version: string): BinanceEndpoints => ({
  rest: [at("main", `https://${letter}api.binance.com`)],
  stream: [at("main", `wss://${letter}stream.binance.com`)],
  wsApi: [at("main", `wss://ws-${letter}api.binance.com/ws-${letter}api/${version}`)],
});

/** What differs between Binance's markets in names and addresses. Source: Binance API documentation, 2026-07. */
export const PRODUCTS: Readonly<Record<BinanceProduct, ProductFacts>> = {
  spot: { venue: "binance", endpoints: SPOT, apiPath: "/api/v3", snapshotLimit: 5_000, requestWeight: 6_000 },
  usdm: {
    venue: "binance-usdm",
    endpoints: futures("f", "v1"),
    apiPath: "/fapi/v1",
    snapshotLimit: 1_000,
    requestWeight: 2_400,
  },
  coinm: {
    venue: "binance-coinm",
    endpoints: futures("d", "v1"),
    apiPath: "/dapi/v1",
    snapshotLimit: 1_000,
    requestWeight: 2_400,
  },
};

/**
 * The addresses that options ask for.
 *
 * @throws {InvalidInputError} When they name more than one set of addresses, or one that is none.
 */
export function endpointsOf(product: BinanceProduct, options: BinanceMarketOptions): BinanceEndpoints {
  const { urls, regions, environment = "production" } = options;
  const isOwn = urls !== undefined || regions !== undefined;
  if (urls !== undefined && regions !== undefined) throw new InvalidInputError("give urls or regions, not both");
  if (options.environment !== undefined && isOwn) {
    throw new InvalidInputError(
      "environment names addresses of the venue: it does not go together with urls or regions",
    );
  }
  if (urls !== undefined) return own([{ name: "default", ...urls }], "urls");
  if (regions !== undefined) return own(regions, "regions");
  return venues(product, environment);
}

function venues(product: BinanceProduct, environment: BinanceEnvironment): BinanceEndpoints {
  switch (environment) {
    case "production":
      return PRODUCTS[product].endpoints;
    case "testnet":
    case "demo":
      if (product !== "spot") throw new InvalidInputError(`environment "${environment}" is for product "spot"`);
      return environment === "testnet" ? TESTNET : DEMO;
    default:
      throw new InvalidInputError(
        `environment must be "production", "testnet" or "demo", got ${JSON.stringify(environment)}`,
      );
  }
}

function own(regions: readonly BinanceRegion[], name: string): BinanceEndpoints {
  if (regions.length === 0) throw new InvalidInputError("regions must have at least one region");
  const seen = new Set<string>();
  for (const { name: region } of regions) {
    if (typeof region !== "string" || region === "") throw new InvalidInputError("regions: each must have a name");
    if (seen.has(region)) throw new InvalidInputError(`regions: the name ${JSON.stringify(region)} is there twice`);
    seen.add(region);
  }
  const of = (index: number) => (name === "urls" ? "urls" : `regions[${index}]`);
  return {
    rest: regions.map((region, i) => at(region.name, originOf(`${of(i)}.rest`, region.rest, ["http:", "https:"]))),
    stream: regions.map((region, i) => at(region.name, originOf(`${of(i)}.stream`, region.stream, ["ws:", "wss:"]))),
    wsApi: regions.map((region, i) => at(region.name, urlOf(`${of(i)}.wsApi`, region.wsApi, ["ws:", "wss:"]).href)),
  };
}

/** An origin without a trailing slash, so that a path can be appended. */
function originOf(name: string, text: string, protocols: readonly string[]): string {
  const url = urlOf(name, text, protocols);
  if (url.pathname === "/" && url.search === "") return `${url.protocol}//${url.host}`;
  throw new InvalidInputError(`${name} must be an origin without a path, got ${url.origin}${url.pathname}`);
}

function urlOf(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol)) return url;
  throw new InvalidInputError(
    `${name} must be a URL of ${protocols.map((protocol) => `${protocol}//`).join(" or ")}, got ${JSON.stringify(text)}`,
  );
}
