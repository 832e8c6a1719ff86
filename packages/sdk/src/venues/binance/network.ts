import type { Clock, Random } from "@pitlane/perf";
import type { ClientEmitter } from "../../client-events.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { Api } from "./api.ts";
import type { BinanceEndpoints, ProductFacts } from "./endpoints.ts";
import type { BinanceMarketOptions, BinanceProduct } from "./options.ts";

/** How a client reaches the venue. */
export interface Network {
  readonly rest: Api;
  /** Where the market streams are. */
  readonly stream: EndpointChoice;
  /** Ends what is under way, and closes every connection for calls. */
  close(): Promise<void>;
}

/** What a network is made for; numbers are checked. */
export interface NetworkPlace {
  readonly options: BinanceMarketOptions;
  readonly product: BinanceProduct;
  readonly venue: string;
  readonly facts: ProductFacts;
  readonly endpoints: BinanceEndpoints;
  readonly connectTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly connections: number;
  readonly requestWeight: number;
  readonly events: ClientEmitter;
  /** Aborts when the client begins to close. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

/** The reply header with the weight that the venue counts in the present minute. */
export const USED_WEIGHT = "x-mbx-used-weight-1m";
