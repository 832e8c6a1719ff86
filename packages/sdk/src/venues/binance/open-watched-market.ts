import { refuseUnknown } from "../../known-options.ts";
import type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
import { ALL_PARTS } from "./all-parts.ts";
import { MARKET_STREAM } from "./known-options.ts";
import { openMarket } from "./open-market.ts";
import type { RegionalNetwork } from "./regional-network.ts";
import type { Wiring } from "./wiring.ts";

/**
 * As `openMarket`, with every part there is, and told of in the client's health.
 *
 * @throws {InvalidInputError} When an option breaks its rule.
 */
export function openWatchedMarket(wiring: Wiring<RegionalNetwork>, options: MarketStreamOptions): MarketStream {
  refuseUnknown("stream.market", options, MARKET_STREAM);
  return openMarket({ ...wiring, watch: wiring.network.watch("market stream") }, ALL_PARTS, options);
}
