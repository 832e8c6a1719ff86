import { randomInt } from "node:crypto";
import { setMaxListeners } from "node:events";
import { createRandom, createSystemClock, integerInRange } from "@pitlane/perf";
import { unitsUsed } from "@pitlane/perf/limit";
import { createEvents } from "../../client-events.ts";
import { createHealthMeter } from "../../health-meter.ts";
import { httpProbe } from "../../region/prober.ts";
import { createRegions } from "../../region/regions.ts";
import { Redactor } from "../../session/secrets.ts";
import { authenticate } from "../../transport/authenticate.ts";
import { classify } from "../../transport/classify.ts";
import { deadline } from "../../transport/deadline.ts";
import { failover } from "../../transport/failover.ts";
import { limit } from "../../transport/limit.ts";
import { measure } from "../../transport/measure.ts";
import { createPools } from "../../transport/pools.ts";
import { retry } from "../../transport/retry.ts";
import { compose, type HttpCall, type HttpReply, type Layer, type Send } from "../../transport/transport.ts";
import { defineVenue } from "../../venue.ts";
import { accountCalls } from "./account.ts";
import { Balances } from "./balances.ts";
import { checkOptions } from "./check-options.ts";
import { checkText } from "./checks.ts";
import type { AxiomClient, AxiomOptions, UnverifiedAxiomClient } from "./client.ts";
import { AXIOM_URLS, type AxiomRegion, checkUrls, endpointsOf } from "./endpoints.ts";
import { toError } from "./errors.ts";
import { marketCalls } from "./market.ts";
import { RequestWindow } from "./request-window.ts";
import { type AxiomService, Rest } from "./rest.ts";
import { createSession, sessionCalls } from "./session.ts";
import { streamCalls } from "./stream.ts";
import { cookieHeader } from "./tokens.ts";
import { trackingCalls } from "./tracking.ts";
import { transactionCalls } from "./transactions.ts";
import { unverifiedCalls } from "./unverified.ts";

const SERVICES: readonly AxiomService[] = ["rest", "account", "transactions", "friends", "bnb", "turnkey"];

/**
 * Creates a client for Axiom, a venue without a published API: everything here is what working third-party code and captures of
 * the site show, and says where that is uncertain.
 *
 * Nothing is connected before the first call or stream. A headless program cannot log in to the live service by password, which
 * asks for a browser's proof: give it the cookies of a browser's session. The venue's gateway may keep a program out altogether.
 *
 * @throws {InvalidInputError | UnreadableTokenError} When an option breaks its rule; never showing a secret.
 * @example
 * const axiom = createAxiom({ session: { cookies: process.env["AXIOM_COOKIES"] } });
 * const [first] = await axiom.market.listTrending("1h");
 * const stream = axiom.stream.rooms({ rooms: [axiomRooms.newPairs], onError: console.error });
 * for await (const event of stream) if (event.kind === "newPair") console.log(event.pair.tokenTicker);
 * await axiom.close();
 */
export function createAxiom(options: AxiomOptions & { readonly unverified: true }): UnverifiedAxiomClient;
export function createAxiom(options?: AxiomOptions & { readonly unverified?: false }): AxiomClient;
export function createAxiom(
  options: AxiomOptions & { readonly unverified?: boolean } = {},
): AxiomClient | UnverifiedAxiomClient {
  checkOptions(options);
  const venue = options.venue ?? "axiom";
  const urls = checkUrls(options.urls ?? AXIOM_URLS);
  const region = options.region ?? (urls.cluster.global ? "global" : (Object.keys(urls.cluster)[0] as AxiomRegion));
  const userAgent = checkText("userAgent", options.userAgent ?? "pitlane", 500);
  const connectTimeoutMs = integerInRange("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, 600_000);
  const timeoutMs = integerInRange("callTimeoutMs", options.callTimeoutMs ?? 30_000, 1, 600_000);
  const connections = integerInRange("connections", options.connections ?? 20, 1, 1_000);
  const clock = options.clock ?? createSystemClock();
  const random = options.random ?? createRandom(randomInt(2 ** 32));
  const events = createEvents();
  const redactor = new Redactor();

  const headersTimeoutMs = Math.max(1_000, timeoutMs);
  const pools = createPools({
    ...options.http,
    connectTimeoutMs,
    headersTimeoutMs,
    callTimeoutMs: timeoutMs,
    connections,
    clock,
  });
  const probePools = createPools({ connectTimeoutMs, connections: 1, clock });
  const probe = httpProbe(probePools.send, "/server-time");
  const endpoints = endpointsOf(urls, region);
  const regions = createRegions({
    endpoints,
    probes: { rest: probe },
    probeEveryMs: options.probeEveryMs ?? 60_000,
    events,
    clock,
  });
  const allowed = {
    limit: integerInRange("limit.requests", options.limit?.requests ?? 100, 1, 100_000),
    windowMs: integerInRange("limit.windowMs", options.limit?.windowMs ?? 60_000, 10, 3_600_000),
  };
  const budget = new RequestWindow({ ...allowed, clock });
  const meter = createHealthMeter({ venue, events, clock });
  const waits = meter.addBudget({ name: "requests", ...allowed }, () =>
    unitsUsed({ waitMs: (requests = 1) => budget.waitMs(requests, "cancel") }, allowed.limit),
  );
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every call that waits listens

  // One of each for all services: a request counts wherever it goes.
  const limited = limit({ budget, waits, maxWaiting: 10_000, events, clock, closing: closing.signal });
  const timed = deadline({ timeoutMs, closing: closing.signal, clock });
  const measured = measure({ registry: options.metrics, venue, clock });
  const repeated = retry({
    ...options.backoff,
    retries: options.retries ?? 3,
    clock,
    random,
    events,
    closing: closing.signal,
  });
  const judged = classify((call, reply) => errorOf(call, reply, redactor, clock.nowUs()));
  const headed = withHeaders({ "user-agent": userAgent, accept: "application/json, text/plain, */*" });
  const anywhere = (service: string) =>
    failover({
      choice: regions.service(service),
      onFailure: meter.onFailure,
      suspectAfterMs: options.suspectAfterMs ?? 2_000,
      hedgeAfterMs: options.hedgeAfterMs,
      clock,
    });

  const plain = compose(pools.send, timed, anywhere("rest"), limited, headed, judged);
  const sessions = createSession({
    credentials: options.credentials,
    session: options.session,
    store: options.sessionStore,
    refreshAheadMs: options.refreshAheadMs,
    keepAlive: options.keepSessionAlive,
    send: plain,
    sendTo: compose(pools.send, timed, limited, headed, judged),
    endpoints: regions.service("rest"),
    ...{ events, redactor, clock, random },
  });
  const authenticator = sessions.authenticator((call, session) => {
    call.sentHeaders = { ...call.headers, cookie: cookieHeader(session) };
  });
  const proven = authenticate({ authenticator, clock, closing: closing.signal });
  // A call may wait for the budget longer than a session lives, or is good: it goes out with that of the moment.
  const current = authenticate({
    authenticator: { prepare: (call) => authenticator.prepare(call) },
    clock,
    closing: closing.signal,
  });
  const sends = Object.fromEntries(
    SERVICES.map((service) => [
      service,
      // The session waits outside of the budget: its renewal is paid from the same one.
      compose(pools.send, measured, timed, repeated, anywhere(service), proven, limited, current, headed, judged),
    ]),
  ) as Record<AxiomService, Send>;
  const rest = new Rest({ sends, clock });
  const balances = new Balances(rest, { callTimeoutMs: timeoutMs, closing: closing.signal, clock }, options.batching);
  const streams = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;

  async function shut(): Promise<void> {
    closing.abort(new Error("the client was closed"));
    await Promise.all(Array.from(streams, (stream) => stream.close()));
    await sessions.close();
    await regions.close();
    await Promise.all([pools.close(), probePools.close()]);
    await balances.close();
  }

  return {
    venue,
    market: marketCalls(rest),
    account: accountCalls(rest, balances, redactor),
    tracking: trackingCalls(rest),
    transactions: transactionCalls(rest),
    session: sessionCalls(sessions, { clock, closing: closing.signal }),
    stream: streamCalls({
      ...{ urls, regions, streams, sessions, userAgent, connectTimeoutMs, events, clock, random },
      isClosed: () => closed !== undefined,
      watch: meter.watch,
    }),
    ...(options.unverified === true ? { unverified: unverifiedCalls(rest) } : {}),
    events,
    health: () => meter.read(regions, [...endpoints.keys()]),
    close() {
      closed ??= shut();
      return closed;
    },
  };
}

/** Axiom as a venue: what it can do of what all venues share, and how a client of it is made, which can do more. */
export const axiomVenue = defineVenue({
  name: "axiom",
  capabilities: { market: ["getServerTimeUs"], account: ["balanceOf", "balancesOf"] },
  create: (options: AxiomOptions = {}): AxiomClient => createAxiom(options),
});

/** What the venue's gateway looks at in every request. */
function withHeaders(headers: Readonly<Record<string, string>>): Layer {
  const site = { origin: "https://axiom.trade", referer: "https://axiom.trade/" };
  return (next) => (call) => {
    call.sentHeaders = { ...headers, ...site, ...call.sentHeaders };
    return next(call);
  };
}

function errorOf(call: HttpCall, { status, headers, body }: HttpReply, redactor: Redactor, nowUs: number) {
  const retryAfter = headers["retry-after"];
  return toError(call.what, {
    status,
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    text: redactor.redactReply(body.toString("utf8")),
    nowMs: Math.floor(nowUs / 1000),
  });
}
