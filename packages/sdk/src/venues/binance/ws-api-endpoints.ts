import type { Endpoint } from "../../region/endpoints.ts";
import { at, urlOf } from "./endpoints.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";

/**
 * The addresses of the WebSocket API, with their paths, the preferred one first. `endpointsOf` has checked which set of addresses
 * the options ask for.
 *
 * @throws {InvalidInputError} When one of the options' own is none.
 */
export function wsApiOf(product: BinanceProduct, options: BinanceMarketOptions): readonly Endpoint[] {
  const { urls, regions, environment } = options;
  const own = (name: string, region: string, url: string) =>
    at(region, urlOf(`${name}.wsApi`, url, ["ws:", "wss:"]).href);
  if (urls !== undefined) return [own("urls", "default", urls.wsApi)];
  if (regions !== undefined) return regions.map(({ name, wsApi }, i) => own(`regions[${i}]`, name, wsApi));
  if (environment === "demo") return [at("demo", "wss://demo-ws-api.binance.com/ws-api/v3")];
  if (environment === "testnet") return [at("testnet", "wss://ws-api.testnet.binance.vision/ws-api/v3")];
  if (product === "usdm") return [at("main", "wss://ws-fapi.binance.com/ws-fapi/v1")];
  if (product === "coinm") return [at("main", "wss://ws-dapi.binance.com/ws-dapi/v1")];
  return [at("443", "wss://ws-api.binance.com:443/ws-api/v3"), at("9443", "wss://ws-api.binance.com:9443/ws-api/v3")];
}
