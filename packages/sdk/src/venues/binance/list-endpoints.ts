import { checkObject } from "../../checks.ts";
import { type BinanceEndpoints, endpointsOf, factsOf } from "./endpoints.ts";
import type { BinanceEnvironment, BinanceProduct } from "./options.ts";
import { createOtherPlaces } from "./other-places.ts";

/**
 * The venue's own addresses, which a client uses unless told others; the preferred one first.
 *
 * @throws {InvalidInputError} When the product or the environment is none, or they do not go together.
 * @example
 * binanceEndpoints().rest.map(({ url }) => url); // ["https://api.binance.com", ...]
 */
export function binanceEndpoints(
  options: { readonly product?: BinanceProduct; readonly environment?: BinanceEnvironment } = {},
): BinanceEndpoints {
  checkObject("options", options);
  const others = createOtherPlaces();
  return endpointsOf(factsOf(options.product ?? "spot", others), options, others);
}
