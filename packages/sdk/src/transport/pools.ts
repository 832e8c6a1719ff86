import { type Clock, InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import { Pool } from "undici";
import { Attempt } from "./attempt.ts";
import { DnsCache, type LookupAll } from "./dns-cache.ts";
import { DueList } from "./due-list.ts";
import { CallAbortedError } from "./errors.ts";
import type { HttpCall, HttpReply, Send } from "./transport.ts";
import { WriteLane } from "./write-lane.ts";

export interface PoolsOptions {
  /** Limit for connecting, TLS included, in milliseconds, to within half a second; 1 to 600,000, 5,000 unless told. */
  readonly connectTimeoutMs?: number;
  /**
   * Limit from a request to the head of its answer, in milliseconds, to within a second; 1,000 to 600,000, 10,000 unless told. A call
   * that asks for a longer `timeoutMs` gets as much.
   */
  readonly headersTimeoutMs?: number;
  /** Limit for a call that no `deadline` layer set one for, waiting for a free socket included, in milliseconds; 1 to 600,000, 10,000 unless told. */
  readonly callTimeoutMs?: number;
  /** How long an unused connection is kept, and how often TCP looks whether its peer is alive, in milliseconds; 1 to 600,000, 60,000 unless told. */
  readonly keepAliveMs?: number;
  /** Most sockets an origin; 1 to 1,000, 20 unless told. Calls beyond that wait, within their own time limit. */
  readonly connections?: number;
  /** Most origins; 1 to 1,000, 64 unless told. */
  readonly maxOrigins?: number;
  /** Largest answer taken, in bytes; 1,024 to 2^30, 64 MiB unless told (Binance's exchangeInfo has about 15 MB). */
  readonly maxResponseBytes?: number;
  /** How long a host's addresses are remembered, in milliseconds; 0 to 86,400,000, 300,000 unless told. */
  readonly dnsTtlMs?: number;
  /** How long one address of a host is tried before the next, in milliseconds; 10 to 60,000, 250 unless told. */
  readonly addressTimeoutMs?: number;
  /**
   * Offer HTTP/2, where TLS lets the server choose; false unless told. Each connection
   * carries one call at a time with either, so that a broken one costs one call.
   */
  readonly allowH2?: boolean;
  /** Certificates to trust instead of the system's, in PEM: for a server with a certificate of its own. */
  readonly ca?: string | undefined;
  /** Asks the resolver; the system's unless told. */
  readonly lookup?: LookupAll | undefined;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** The ways to one origin. */
interface Place {
  readonly pool: Pool;
  /** For writes alone; undefined where there is none. */
  readonly lane: WriteLane | undefined;
}

/** The network edge for HTTP. */
export interface Pools {
  /** Sends one attempt to the call's `origin`, and reads the whole answer, whatever its status. */
  readonly send: Send;
  /** Closes every socket at once; calls under way fail, later ones are refused. */
  close(): Promise<void>;
}

/**
 * The network edge for HTTP: keep-alive connections without Nagle's delay, a pool of them for each origin, made when it is first
 * called. One request on each connection at a time, nothing ever sent twice. A quarter of the connections are for writes alone, which
 * go out over them in the very step that sends them; without `allowH2`, and from the second write on.
 *
 * A call fails with outcome `unsent` only when no byte can have left: `NetworkError`, `TimeoutError`, or `CallAbortedError` when it
 * was its caller or `close` who ended it; an answer larger than `maxResponseBytes` is a `ProtocolError`; a header that HTTP does not
 * allow is an `InvalidInputError`. Addresses of a host are tried one after the other, both families in turn.
 * Source of the latter: RFC 8305, section 5.
 *
 * @throws {InvalidInputError} When an option is out of range; from `send`, when there are origins enough already.
 * @example
 * const pools = createPools({ clock });
 * const call = new HttpCall({ method: "GET", path: "/api/v3/time", isRead: true });
 * call.begin("https://api.example.com");
 * const { status, body } = await pools.send(call);
 * await pools.close();
 */
export function createPools(options: PoolsOptions): Pools {
  const { clock, allowH2 = false, ca } = options;
  const connectTimeoutMs = integerInRange("connectTimeoutMs", options.connectTimeoutMs ?? 5_000, 1, 600_000);
  const headersTimeoutMs = integerInRange("headersTimeoutMs", options.headersTimeoutMs ?? 10_000, 1_000, 600_000);
  const callTimeoutMs = inRange("callTimeoutMs", options.callTimeoutMs ?? 10_000, 1, 600_000);
  const keepAliveMs = integerInRange("keepAliveMs", options.keepAliveMs ?? 60_000, 1, 600_000);
  const connections = integerInRange("connections", options.connections ?? 20, 1, 1_000);
  const maxOrigins = integerInRange("maxOrigins", options.maxOrigins ?? 64, 1, 1_000);
  const maxResponseBytes = integerInRange("maxResponseBytes", options.maxResponseBytes ?? 2 ** 26, 1_024, 2 ** 30);
  const dnsTtlMs = inRange("dnsTtlMs", options.dnsTtlMs ?? 300_000, 0, 86_400_000);
  const addressTimeoutMs = integerInRange("addressTimeoutMs", options.addressTimeoutMs ?? 250, 10, 60_000);

  const dns = new DnsCache({ ttlMs: dnsTtlMs, clock, lookup: options.lookup });
  const laneConnections = allowH2 ? 0 : Math.floor(connections / 4);
  const places = new Map<string, Place>();
  const underWay = new DueList<Attempt>(clock);
  let closed: Promise<void> | undefined;

  function open(origin: string): Place {
    if (places.size === maxOrigins) {
      throw new InvalidInputError(
        `there are pools for ${maxOrigins} origins already, maxOrigins; no more for ${origin}`,
      );
    }
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new InvalidInputError(
        `a call's origin must be like https://api.example.com, got ${JSON.stringify(origin)}`,
      );
    }
    const connect = {
      lookup: dns.lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: addressTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      ...(ca === undefined ? {} : { ca }),
    };
    const onUnreachable = () => dns.expire(new URL(origin).hostname);
    const pool = new Pool(origin, {
      connections: connections - laneConnections,
      pipelining: 1, // more would let a broken socket hand requests on to another one
      connect: { timeout: connectTimeoutMs, ...connect },
      keepAliveTimeout: keepAliveMs,
      headersTimeout: headersTimeoutMs,
      bodyTimeout: 0, // the call's own timer ends a body that does not
      maxResponseSize: maxResponseBytes,
      allowH2,
    });
    pool.on("connectionError", onUnreachable);
    const lane =
      laneConnections === 0
        ? undefined
        : new WriteLane({
            origin,
            connections: laneConnections,
            maxResponseBytes,
            keepAliveMs,
            connectTimeoutMs,
            connect,
            onUnreachable,
            clock,
          });
    const place = { pool, lane };
    places.set(origin, place);
    return place;
  }

  function dispatch(call: HttpCall, resolve: (reply: HttpReply) => void, reject: (error: Error) => void): void {
    const attempt = new Attempt(call, clock, resolve, reject);
    call.wire = attempt;
    call.sentNs = 0;
    call.reply = undefined;
    if (closed !== undefined) return attempt.end("was refused: the client is closed", undefined);
    if (call.signal?.aborted) return attempt.handleEvent();
    if (call.abandonedFor !== undefined) return attempt.abandon(call.abandonedFor);
    const { pool, lane } = places.get(call.origin) ?? open(call.origin);
    const nowNs = clock.monotonicNs();
    const isLimited = call.deadlineNs < Number.POSITIVE_INFINITY;
    const limitMs = isLimited ? (call.deadlineNs - nowNs) / 1e6 : (call.timeoutMs ?? callTimeoutMs);
    if (!attempt.arm(underWay, limitMs, nowNs)) return;
    const headersMs = call.timeoutMs === undefined ? headersTimeoutMs : Math.max(headersTimeoutMs, call.timeoutMs);
    // The lane has no limit for the head of an answer beside the one for all of it.
    if (!call.isRead && limitMs <= headersMs && lane?.trySend(call, attempt)) return;
    pool.dispatch(
      {
        method: call.method,
        path: call.sentQuery === "" ? call.path : `${call.path}?${call.sentQuery}`,
        headers: call.sentHeaders,
        body: call.sentBody,
        headersTimeout: headersMs,
      },
      attempt,
    );
  }

  return {
    send: (call) => new Promise((resolve, reject) => dispatch(call, resolve, reject)),
    close() {
      const error = new CallAbortedError("the client was closed", { outcome: "unknown" });
      underWay.close();
      closed ??= Promise.all(
        Array.from(places.values(), ({ pool, lane }) => Promise.all([pool.destroy(error), lane?.close(error)])),
      ).then(() => {});
      return closed;
    },
  };
}
