import type { Account } from "../../engine/accounts.ts";
import type { Exchange } from "../../engine/exchange.ts";
import type { Market } from "../../engine/market.ts";
import { refuse } from "./errors.ts";
import type { Limits, OrderLimit, WeightLimit } from "./limits.ts";
import type { Params } from "./params.ts";
import { type Authenticator, checkTime } from "./signing.ts";
import type { TimeUnit } from "./time-unit.ts";

/** What the handlers work on. */
export interface Venue {
  readonly exchange: Exchange;
  readonly limits: Limits;
  readonly orderLimit: OrderLimit;
  readonly weightLimit: WeightLimit;
  readonly authenticator: Authenticator;
  /** A client order id for an order or a cancel that came without one. */
  readonly newClientId: () => string;
}

/** A request on its way to a handler. Times are microseconds since the epoch. */
export interface Call {
  readonly params: Params;
  readonly nowUs: number;
  /** Unit of the times in the answer. */
  readonly unit: TimeUnit;
  readonly ip: string;
  /** Region of the port it came to. */
  readonly region: string;
  /** Which API it came by. */
  readonly transport: "http" | "socket";
}

export interface SignedCall extends Call {
  readonly account: Account;
}

interface EndpointShape {
  /** Verb and path below the API's root: `GET depth`. */
  readonly http: string;
  /** Its name in the WebSocket API, where it has one. */
  readonly socket?: string;
  readonly weight: number | ((params: Params) => number);
  /** True where only a failed call weighs: placing and cancelling. A function where that depends on the result. */
  readonly freeOnSuccess?: boolean | ((result: unknown) => boolean);
  /** True when the answer tells the order counts. */
  readonly tellsOrderCount?: boolean;
  /** Parameters it reads, besides those of every signed call. */
  readonly reads: readonly string[];
}

export interface PublicEndpoint extends EndpointShape {
  readonly signed: false;
  readonly handle: (call: Call) => unknown;
}

export interface SignedEndpoint extends EndpointShape {
  readonly signed: true;
  readonly handle: (call: SignedCall) => unknown;
}

/** One thing the venue can be asked, over HTTP and over the WebSocket API. A handler returns what becomes JSON, or a promise of it. */
export type Endpoint = PublicEndpoint | SignedEndpoint;

/** Who sent a call, and what was signed. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly payload: string;
  /** The account of the session's logon, which stands in for key and signature. */
  readonly session?: Account | undefined;
}

/** What a call came to. */
export interface Answered {
  readonly result: unknown;
  /** The caller, of a signed call. */
  readonly account: Account | undefined;
}

const OF_EVERY_CALL: ReadonlySet<string> = new Set([
  "timestamp",
  "recvWindow",
  "signature",
  "apiKey",
  "returnRateLimits",
]);

/**
 * Performs `call`: counts its weight, checks that it is signed where it must be and that every parameter is known, and hands it
 * to the endpoint.
 *
 * @throws {VenueRefusal} With the venue's words; nothing has been done then.
 */
export function perform(venue: Venue, endpoint: Endpoint, call: Call, credentials: Credentials): Answered {
  const weight = typeof endpoint.weight === "number" ? endpoint.weight : endpoint.weight(call.params);
  venue.weightLimit.take(call.ip, weight, call.nowUs);
  const account = endpoint.signed ? callerOf(venue, call, credentials) : undefined;
  checkNames(endpoint, call.params);
  venue.exchange.accepted.through(call.region);
  const result = endpoint.signed ? endpoint.handle({ ...call, account: account! }) : endpoint.handle(call);
  const { freeOnSuccess = false } = endpoint;
  const isFree = typeof freeOnSuccess === "boolean" ? freeOnSuccess : freeOnSuccess(result);
  if (isFree) venue.weightLimit.giveBack(call.ip, weight, call.nowUs);
  return { result, account };
}

/** The market of parameter `symbol`. @throws {VenueRefusal} -1102 when it is missing, -1121 when there is none of that name. */
export function marketOf(venue: Venue, params: Params): Market {
  const market = venue.exchange.market(params.required("symbol"));
  if (market === undefined) throw refuse.badSymbol();
  return market;
}

function callerOf(venue: Venue, { params, nowUs }: Call, { apiKey, payload, session }: Credentials): Account {
  if (session !== undefined && !params.has("signature")) {
    checkTime(params, nowUs);
    return session;
  }
  return venue.authenticator.authenticate({ apiKey, payload, params, nowUs });
}

function checkNames({ reads }: Endpoint, params: Params): void {
  let unread = 0;
  for (const name of params.names()) if (!OF_EVERY_CALL.has(name) && !reads.includes(name)) unread++;
  if (unread > 0) throw refuse.unread(params.size - unread, params.size);
}
