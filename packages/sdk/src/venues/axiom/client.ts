import type { Clock, Random } from "@pitlane/perf";
import type { MetricsRegistry } from "@pitlane/perf/metrics";
import type { ClientEmitter } from "../../client-events.ts";
import type { KnowsHealth } from "../../health.ts";
import type { SessionStore } from "../../session/store.ts";
import type { TransportOptions } from "../../transport/options.ts";
import type { AxiomAccountCalls } from "./account.ts";
import type { BatchingOptions } from "./balances.ts";
import type { AxiomRegion, AxiomUrls } from "./endpoints.ts";
import type { AxiomMarketCalls } from "./market.ts";
import type { AxiomCredentials, AxiomSessionCalls } from "./session.ts";
import type { AxiomStreamCalls } from "./stream.ts";
import type { AxiomSession, AxiomTokens } from "./tokens.ts";
import type { AxiomTrackingCalls } from "./tracking.ts";
import type { AxiomTransactionCalls } from "./transactions.ts";
import type { AxiomUnverifiedCalls } from "./unverified.ts";

export interface AxiomOptions extends Omit<TransportOptions, "regionRules"> {
  /** The venue's name; default `axiom`. */
  readonly venue?: string;
  /** Default the hosts of the real service, `AXIOM_URLS`. */
  readonly urls?: AxiomUrls;
  /** Where the cluster sockets are preferred; default `global`, or the first of `urls.cluster`. Others serve when that is down. */
  readonly region?: AxiomRegion;
  /** How to log in. Left out, the client lives on `session`, or on what the store has. */
  readonly credentials?: AxiomCredentials;
  /** Tokens or cookies from a browser or an earlier login. An access token goes before the store, a refresh token alone after it; a login comes last. */
  readonly session?: AxiomTokens;
  /** Where the session outlives the process; default in memory. */
  readonly sessionStore?: SessionStore<AxiomSession>;
  /** How long before its end the access token is renewed, in milliseconds; 0 to 3,600,000, default 120,000 of its 960,000. */
  readonly refreshAheadMs?: number;
  /** Renews by a timer too, so that a client without calls keeps its session; holds the process open until `close`. Default false. */
  readonly keepSessionAlive?: boolean;
  /** Most requests in any window, over all hosts: default 100 in 60,000 ms, which others found to be fine. The venue's own limit is not known. */
  readonly limit?: { readonly requests?: number; readonly windowMs?: number };
  /** Sent with every request. The venue's gateway ties `cf_clearance` to it: give that of the browser the cookie is from. Default `pitlane`. */
  readonly userAgent?: string;
  /** Turns single calls of `account.balanceOf` into batch calls. Default off. */
  readonly batching?: BatchingOptions;
  /** Limit for connecting, in milliseconds; 1 to 600,000, default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Limit for a whole call, in milliseconds; 1 to 600,000, default 30,000: the venue is slow at times. */
  readonly callTimeoutMs?: number;
  /** Most sockets an origin; 1 to 1,000, default 20. */
  readonly connections?: number;
  /** How often each REST host is asked for its time, in milliseconds; 100 to 3,600,000, default 60,000. These requests are not within `limit`. */
  readonly probeEveryMs?: number;
  /** Sends a read to a second host as well when the first has not answered after this many milliseconds. Default: never. */
  readonly hedgeAfterMs?: number;
  /** Repeats of a failed read; 0 to 100, default 3. */
  readonly retries?: number;
  /** Where calls are measured; default nowhere. */
  readonly metrics?: MetricsRegistry;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A client of Axiom. */
export interface AxiomClient extends KnowsHealth {
  readonly venue: string;
  readonly market: AxiomMarketCalls;
  readonly account: AxiomAccountCalls;
  readonly tracking: AxiomTrackingCalls;
  readonly transactions: AxiomTransactionCalls;
  readonly session: AxiomSessionCalls;
  readonly stream: AxiomStreamCalls;
  /** What happens besides the answers to calls: regions, sessions, retries. */
  readonly events: Pick<ClientEmitter, "on" | "once" | "off">;
  /** Closes streams and sockets; calls under way fail, later ones are refused, unsent. The store keeps the session. */
  close(): Promise<void>;
}

/**
 * A client with the calls that one library claims and nothing confirms, by `createAxiom({ unverified: true })`.
 */
export interface UnverifiedAxiomClient extends AxiomClient {
  readonly unverified: AxiomUnverifiedCalls;
}
