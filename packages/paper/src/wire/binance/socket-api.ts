import type { Clock } from "@pitlane/perf";
import type { Account } from "../../engine/accounts.ts";
import type { Peer } from "../peer.ts";
import type { Place, Reader, Refusal } from "../protocol.ts";
import { orderCounts } from "./account-endpoints.ts";
import { type Call, type Credentials, type Endpoint, perform, type Venue } from "./endpoint.ts";
import { refuse, VenueRefusal } from "./errors.ts";
import { jsonOf } from "./http-api.ts";
import { jsonText, parseObject } from "./params.ts";
import { socketPayload } from "./signing.ts";
import { shiftParams, shiftResult } from "./skew.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";
import type { UserListener, UserStreams } from "./user-streams.ts";
import { toVenueRefusal } from "./venue-refusal.ts";

export interface SocketApiOptions {
  readonly venue: Venue;
  readonly endpoints: readonly Endpoint[];
  readonly userStreams: UserStreams;
  readonly clock: Clock;
  /** Told of failures of the exchange itself; the client gets status 500 and -1000. */
  readonly onError: (error: Error) => void;
}

/** What a connection came for, and where it came to. */
export interface ApiTarget {
  readonly place: Place;
  readonly ip: string;
  readonly unit: TimeUnit;
  readonly showsRateLimits: boolean;
}

type RequestId = string | number | null;

interface Request {
  readonly id: RequestId;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const SESSION_WEIGHT = 2;

/** What all connections to the WebSocket API share: the endpoints by their method names. */
export class SocketApi {
  readonly #options: SocketApiOptions;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(options: SocketApiOptions) {
    this.#options = options;
    for (const endpoint of options.endpoints) {
      if (endpoint.socket !== undefined) this.#endpoints.set(endpoint.socket, endpoint);
    }
  }

  /** Counts the weight of a new connection. @throws {VenueRefusal} -1003 when that is too much. */
  admit(ip: string, nowUs: number): void {
    this.#options.venue.weightLimit.take(ip, SESSION_WEIGHT, nowUs);
  }

  /** Serves a new connection. */
  connect(peer: Peer, target: ApiTarget): SocketApiConnection {
    return new SocketApiConnection(this.#options, this.#endpoints, peer, target);
  }
}

/**
 * One connection to the WebSocket API: requests and answers, its logon, and its subscriptions to user events.
 *
 * The endpoints are those of the REST API. An id is echoed with its JSON type. Source: web-socket-api.md.
 */
export class SocketApiConnection implements UserListener, Reader {
  readonly peer: Peer;
  readonly unit: TimeUnit;
  readonly #options: SocketApiOptions;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #target: ApiTarget;
  readonly #connectedUs: number;
  readonly #subscriptions = new Map<number, { readonly account: Account; readonly end: () => void }>();
  #nextSubscription = 0;
  #session: { readonly account: Account; readonly apiKey: string; readonly authorizedUs: number } | undefined;

  constructor(options: SocketApiOptions, endpoints: ReadonlyMap<string, Endpoint>, peer: Peer, target: ApiTarget) {
    this.#options = options;
    this.#endpoints = endpoints;
    this.peer = peer;
    this.unit = target.unit;
    this.#target = target;
    this.#connectedUs = options.clock.nowUs();
  }

  send(text: string, name: string): void {
    this.peer.send(text, name);
  }

  /** Answers one request. */
  onMessage(data: Buffer): void {
    let request: Request;
    try {
      request = parseRequest(data.toString());
    } catch (error) {
      this.send(this.#refusal(null, error, idIn(data)), "");
      return;
    }
    this.peer.run<string>(request.method, {
      act: (done) => this.#perform(request, done),
      refuse: (refusal: Refusal) => this.#refusal(request, toVenueRefusal(refusal, this.#options.clock.nowUs())),
      send: (answer) => this.send(answer, request.method),
    });
  }

  /** The connection is gone. */
  onClose(): void {
    for (const { end } of this.#subscriptions.values()) end();
    this.#subscriptions.clear();
  }

  /** Source: web-socket-api.md, "serverShutdown". */
  shutdownNotice(): string {
    return `{"event":{"e":"serverShutdown","E":${inUnit(this.#options.clock.nowUs(), this.unit)}}}`;
  }

  #perform(request: Request, done: (answer: string) => void): void {
    try {
      const late = this.#result(request, done);
      late?.catch((error: unknown) => done(this.#refusal(request, error)));
    } catch (error) {
      done(this.#refusal(request, error));
    }
  }

  // A promise where the answer comes later; it rejects with what the endpoint did.
  #result(request: Request, done: (answer: string) => void): Promise<void> | undefined {
    const { method, params } = request;
    const { ip, place } = this.#target;
    const { venue, clock } = this.#options;
    const endpoint = this.#endpoints.get(method);
    const nowUs = clock.nowUs();
    venue.weightLimit.admit(ip, nowUs);
    const read = parseObject(shiftParams(params, place.skewUs));
    const call: Call = { params: read, nowUs, unit: this.unit, ip, region: place.region, transport: "socket" };
    if (endpoint === undefined) {
      done(this.#answer(request, JSON.stringify(this.#performSession(request, call))));
      return undefined;
    }
    const { result, account } = perform(venue, endpoint, call, this.#credentials(params));
    if (result instanceof Promise) return result.then((late: unknown) => done(this.#answer(request, jsonOf(late))));
    const told = shiftResult(result, place.skewUs, this.unit);
    done(this.#answer(request, jsonOf(told), endpoint.tellsOrderCount ? account : undefined));
    return undefined;
  }

  #performSession({ method, params }: Request, call: Call): unknown {
    const { venue } = this.#options;
    venue.weightLimit.take(this.#target.ip, SESSION_WEIGHT, call.nowUs);
    switch (method) {
      case "session.logon":
        return this.#logon(params, call);
      case "session.status":
        return this.#status(call.nowUs);
      case "session.logout":
        this.#session = undefined;
        return this.#status(call.nowUs);
      case "session.subscriptions":
        return [...this.#subscriptions.keys()].map((subscriptionId) => ({ subscriptionId }));
      case "userDataStream.subscribe":
        if (this.#session === undefined) throw refuse.badKey();
        return this.#subscribe(this.#session.account);
      case "userDataStream.subscribe.signature":
        return this.#subscribe(
          venue.authenticator.authenticate({ ...this.#credentials(params), params: call.params, nowUs: call.nowUs }),
        );
      case "userDataStream.unsubscribe":
        return this.#unsubscribe(call.params.id("subscriptionId"));
      default:
        throw refuse.unsupported();
    }
  }

  #logon(params: Request["params"], call: Call): unknown {
    const { authenticator } = this.#options.venue;
    const apiKey = call.params.required("apiKey");
    const account = authenticator.authenticate({
      ...this.#credentials(params),
      params: call.params,
      nowUs: call.nowUs,
    });
    if (!authenticator.hasPublicKey(apiKey)) throw refuse.hmacLogon();
    this.#session = { account, apiKey, authorizedUs: call.nowUs };
    return this.#status(call.nowUs);
  }

  #status(nowUs: number): unknown {
    return {
      apiKey: this.#session?.apiKey ?? null,
      authorizedSince: this.#session === undefined ? null : inUnit(this.#session.authorizedUs, this.unit),
      connectedSince: inUnit(this.#connectedUs, this.unit),
      returnRateLimits: this.#target.showsRateLimits,
      serverTime: inUnit(nowUs + this.#target.place.skewUs, this.unit),
      userDataStream: this.#subscriptions.size > 0,
    };
  }

  #subscribe(account: Account): unknown {
    for (const other of this.#subscriptions.values()) if (other.account === account) throw refuse.alreadySubscribed();
    const subscriptionId = this.#nextSubscription++;
    const end = this.#options.userStreams.subscribe(account, subscriptionId, this);
    this.#subscriptions.set(subscriptionId, { account, end });
    return { subscriptionId };
  }

  #unsubscribe(subscriptionId: number | undefined): unknown {
    const ids = subscriptionId === undefined ? [...this.#subscriptions.keys()] : [subscriptionId];
    for (const id of ids) {
      const subscription = this.#subscriptions.get(id);
      if (subscription === undefined) throw refuse.notSubscribed();
      subscription.end();
      this.#subscriptions.delete(id);
    }
    return {};
  }

  #credentials(params: Request["params"]): Credentials {
    const apiKey = params["apiKey"];
    return {
      apiKey: apiKey === undefined ? undefined : jsonText(apiKey),
      payload: socketPayload(params),
      session: this.#session?.account,
    };
  }

  #answer(request: Request, result: string, counted?: Account): string {
    const limits = this.#rateLimits(request, counted);
    return `{"id":${JSON.stringify(request.id)},"status":200,"result":${result}${limits}}`;
  }

  #refusal(request: Request | null, error: unknown, id: RequestId = request?.id ?? null): string {
    const { onError, clock } = this.#options;
    if (!(error instanceof VenueRefusal)) onError(error instanceof Error ? error : new Error(String(error)));
    const refusal = error instanceof VenueRefusal ? error : refuse.internal();
    const { status, retryAfterSeconds } = refusal;
    const serverTime = inUnit(clock.nowUs() + this.#target.place.skewUs, "ms");
    // Here the venue says when, in ms, and not how long.
    const when =
      retryAfterSeconds === undefined
        ? {}
        : { data: { serverTime, retryAfter: serverTime + retryAfterSeconds * 1000 } };
    const limits = request === null ? "" : this.#rateLimits(request, undefined);
    const body = JSON.stringify({ ...refusal.body, ...when });
    return `{"id":${JSON.stringify(id)},"status":${status},"error":${body}${limits}}`;
  }

  #rateLimits({ params }: Request, counted: Account | undefined): string {
    const asked = params["returnRateLimits"];
    if (asked === false || (asked === undefined && !this.#target.showsRateLimits)) return "";
    const { venue, clock } = this.#options;
    const nowUs = clock.nowUs();
    const { limit } = venue.weightLimit;
    const count = venue.weightLimit.used(this.#target.ip, nowUs);
    const weight = { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit, count };
    const orders = counted === undefined ? [] : orderCounts(venue, counted, nowUs);
    return `,"rateLimits":${JSON.stringify([...orders, weight])}`;
  }
}

/** The id of a request that cannot be performed, so that its sender knows which one it was; null where it is none. */
function idIn(data: Buffer): RequestId {
  try {
    const { id } = JSON.parse(data.toString()) as { readonly id?: unknown };
    return typeof id === "string" || typeof id === "number" ? id : null;
  } catch {
    return null;
  }
}

/** @throws {VenueRefusal} -1135 when it is no JSON object, -1102 without a method, -1130 for an id or params of the wrong type. */
function parseRequest(text: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse.badJson();
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse.badJson();
  const { id = null, method, params = {} } = value as Record<string, unknown>;
  if (id !== null && typeof id !== "string" && typeof id !== "number") throw refuse.badData("id");
  if (typeof method !== "string") throw refuse.missing("method");
  if (typeof params !== "object" || params === null || Array.isArray(params)) throw refuse.badData("params");
  return {
    id,
    method: method.startsWith("v3/") ? method.slice(3) : method,
    params: params as Readonly<Record<string, unknown>>,
  };
}
