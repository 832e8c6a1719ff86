import { inRange } from "@pitlane/perf";
import { PRIORITIES } from "@pitlane/perf/limit";
import { check, checkFlag, checkFunction, checkObject } from "../checks.ts";
import { type Probe, httpProbe as probeByHttp } from "../region/prober.ts";
import { createPools as openPools, type Pools, type PoolsOptions } from "../transport/pools.ts";
import { type CallOptions, HttpCall as PlainHttpCall, type Send } from "../transport/transport.ts";
import { checkCallbacks, checkClock, checkPath } from "./shapes.ts";

// As in layers.ts: parts that the package's own venues use as they are, behind a look at what an outsider gives them.

/**
 * The network edge for HTTP: keep-alive connections without Nagle's delay, a pool of them for each origin, made when it is first
 * called. One request on each connection at a time, nothing ever sent twice.
 *
 * @throws {InvalidInputError} Naming the option and its rule; from `send`, when there are origins enough already.
 * @example
 * const pools = createPools({ clock });
 * const call = new HttpCall({ method: "GET", path: "/api/v3/time", isRead: true });
 * call.begin("https://api.example.com");
 * const { status, body } = await pools.send(call);
 * await pools.close();
 */
export function createPools(options: PoolsOptions): Pools {
  checkObject("options", options);
  const { allowH2 = false, ca, clock } = options;
  checkFlag("allowH2", allowH2);
  check(ca === undefined || typeof ca === "string", "ca", "text", ca);
  checkCallbacks(options, "lookup");
  checkClock(clock, "monotonicNs");
  return openPools(options);
}

/**
 * A probe by a GET: any answer is a sign of life, but those of status 500 and above.
 *
 * Give it pools of its own: in those of the calls it would wait behind them for a socket, and a busy endpoint would look like a dead one.
 *
 * @param send The `send` of pools, without layers.
 * @param path Something small: `/api/v3/ping`.
 * @throws {InvalidInputError} When one of them is of the wrong kind.
 * @example
 * const probePools = createPools({ connections: 1, clock });
 * const regions = createRegions({ endpoints, probes: { rest: httpProbe(probePools.send, "/api/v3/ping") }, clock });
 */
export function httpProbe(send: Send, path: string): Probe {
  checkFunction("send", send);
  checkPath(path);
  return probeByHttp(send, path);
}

const METHODS: readonly unknown[] = ["GET", "POST", "PUT", "DELETE"] satisfies readonly CallOptions["method"][];
const PRIORITY_NAMES: readonly unknown[] = PRIORITIES;
const MOST_WEIGHT = 1e9;

/**
 * A call on its way: what was asked, which no layer changes, and what the present attempt sends, which layers write. It is sent once.
 *
 * @example
 * const call = new HttpCall({ method: "GET", path: "/api/v3/time", isRead: true });
 */
export class HttpCall extends PlainHttpCall {
  /** @throws {InvalidInputError} Naming the option and its rule. */
  constructor(options: CallOptions) {
    checkCall(options);
    super(options);
  }
}

function checkCall(options: CallOptions): void {
  checkObject("options", options);
  const { method, path, query = "", headers = {}, body = "", isRead, isPrivate = false } = options;
  const { weight = 1, priority = "read" } = options;
  check(METHODS.includes(method), "method", `one of ${METHODS.join(", ")}`, method);
  checkPath(path);
  check(typeof query === "string", "query", "text", query);
  checkObject("headers", headers);
  for (const [name, value] of Object.entries(headers))
    check(typeof value === "string", `headers.${name}`, "text", typeof value);
  check(typeof body === "string", "body", "text", typeof body); // never shown: what is no text may still hold a secret
  checkFlag("isRead", isRead);
  checkFlag("isPrivate", isPrivate);
  inRange("weight", weight, 0, MOST_WEIGHT);
  check(PRIORITY_NAMES.includes(priority), "priority", `one of ${PRIORITY_NAMES.join(", ")}`, priority);
}
