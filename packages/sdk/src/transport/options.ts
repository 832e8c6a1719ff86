import type { RegionsOptions } from "../region/regions.ts";
import type { PoolsOptions } from "./pools.ts";
import type { RetryLayerOptions } from "./retry.ts";

/** Rules of the transport that few need to change; each has the default that its own documentation states. */
export interface TransportOptions {
  /** Connections: keep-alive, DNS, time limits of their parts, largest answer. */
  readonly http?: Omit<PoolsOptions, "clock" | "connectTimeoutMs" | "callTimeoutMs" | "connections" | "allowH2">;
  /** Repeats: how long they wait. */
  readonly backoff?: Pick<RetryLayerOptions, "baseMs" | "capMs" | "factor">;
  /** Regions: how often endpoints are probed, and what makes another one preferred. */
  readonly regionRules?: Pick<
    RegionsOptions,
    "probeEveryMs" | "probeTimeoutMs" | "downProbeMs" | "consecutiveErrors" | "margin" | "samples"
  >;
  /** A call without an answer for this long has its endpoint probed at once, in milliseconds; 10 to 60,000, default 300. */
  readonly suspectAfterMs?: number;
}
