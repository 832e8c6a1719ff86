import type { Fault } from "@pitlane/paper";

/** A fault as the matrix tries it: aimed at one operation, and short, so that what comes after it is seen too. */
export interface TriedFault {
  readonly name: string;
  /** `route` is what the operation uses, a call's path or method, or a stream's name; `socket` the path of its socket. */
  readonly at: (route: string, socket: string) => Fault;
  /** Which operations it can hit. */
  readonly hits: "calls" | "streams" | "all";
  /** Data is lost, not late. */
  readonly loses?: true;
  /** Only there. */
  readonly venue?: "binance" | "axiom";
  /** Ends after so long, where it does not end by itself. */
  readonly forMs?: number;
}

const REGION = "first";

/** Every fault of the paper exchange that concerns a client. */
export const FAULTS: readonly TriedFault[] = [
  { name: "delay", hits: "all", at: (route) => ({ kind: "delay", ms: 100, route, count: 3 }) },
  { name: "jitter", hits: "all", at: (route) => ({ kind: "delay", jitterMs: 100, route, count: 3 }) },
  { name: "400", hits: "calls", at: (route) => ({ kind: "error", status: 400, code: -1013, route, count: 1 }) },
  { name: "503", hits: "calls", at: (route) => ({ kind: "error", status: 503, route, count: 1 }) },
  { name: "503, acted", hits: "calls", at: (route) => ({ kind: "error", status: 503, acted: true, route, count: 1 }) },
  { name: "429", hits: "calls", at: (route) => ({ kind: "rateLimit", retryAfterSeconds: 1, route, count: 1 }) },
  {
    name: "418",
    hits: "calls",
    at: (route) => ({ kind: "rateLimit", status: 418, retryAfterSeconds: 1, route, count: 1 }),
  },
  { name: "accepted, no answer", hits: "calls", at: (route) => ({ kind: "acceptThenTimeout", route, count: 1 }) },
  { name: "response lost", hits: "calls", at: (route) => ({ kind: "responseLost", route, count: 1 }) },
  { name: "reset before", hits: "calls", at: (route) => ({ kind: "resetBefore", route, count: 1 }) },
  { name: "frame dropped", loses: true, hits: "streams", at: (route) => ({ kind: "drop", route, count: 1 }) },
  { name: "frame duplicated", hits: "streams", at: (route) => ({ kind: "duplicate", route, count: 3 }) },
  { name: "frame reordered", hits: "streams", at: (route) => ({ kind: "reorder", route, count: 1 }) },
  {
    name: "frame cut short",
    loses: true,
    hits: "streams",
    at: (route) => ({ kind: "corrupt", mode: "truncate", route, count: 1 }),
  },
  {
    name: "silent socket",
    loses: true,
    hits: "streams",
    at: (_, socket) => ({ kind: "silent", route: socket }),
    forMs: 1_500,
  },
  {
    name: "half-open socket",
    hits: "streams",
    at: (_, socket) => ({ kind: "halfOpen", route: socket }),
    forMs: 1_500,
  },
  { name: "socket closed", hits: "streams", at: (_, socket) => ({ kind: "close", code: 1001, route: socket }) },
  {
    name: "socket recycled",
    hits: "streams",
    at: (_, socket) => ({ kind: "recycle", noticeMs: 400, route: socket }),
  },
  { name: "region down", hits: "all", at: () => ({ kind: "regionDown", region: REGION }), forMs: 600 },
  { name: "region silent", hits: "all", at: () => ({ kind: "regionSilent", region: REGION }), forMs: 1_500 },
  { name: "tokens expired", hits: "all", venue: "axiom", at: () => ({ kind: "tokensExpired" }) },
  { name: "Turnstile demanded", hits: "calls", venue: "axiom", at: () => ({ kind: "turnstile" }) },
  {
    name: "weight used by others",
    hits: "calls",
    venue: "binance",
    at: (route) => ({ kind: "weightUsed", weight: 6_000, route }),
  },
  {
    name: "prices fall by 20 %",
    hits: "streams",
    venue: "binance",
    at: () => ({ kind: "priceMove", by: -0.2, overMs: 300 }),
    forMs: 600,
  },
  {
    name: "flood of trades",
    hits: "streams",
    venue: "binance",
    at: () => ({ kind: "flood", tradesPerSecond: 1_000 }),
    forMs: 1_000,
  },
  { name: "clock skew 3 s", hits: "calls", at: () => ({ kind: "clockSkew", ms: 3_000, region: REGION }) },
];
