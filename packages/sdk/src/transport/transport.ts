import type { Priority } from "@pitlane/perf/limit";
import { checkWriteControl } from "../checks.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "DELETE";

/** What is asked of a venue, whatever host it goes to. */
export interface CallOptions {
  readonly method: HttpMethod;
  /** Below the origin, without a query: `/api/v3/order`. It names the call in errors and metrics, so it holds no secret. */
  readonly path: string;
  /** Encoded, without the `?`. Default none. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default none. */
  readonly body?: string;
  /** Repeating it does no harm. Anything else goes out once, unless no byte of the last try can have left. */
  readonly isRead: boolean;
  /** Needs the client's credentials: the `authenticate` layer adds them to every attempt anew. Default false. */
  readonly isPrivate?: boolean;
  /** What it costs of the venue's request budget; default 1. */
  readonly weight?: number;
  /** Who goes first where the budget is short; default `read`. */
  readonly priority?: Priority;
  /** Limit for the call over all its attempts and waits, in milliseconds, 1 to 600,000; default the client's. */
  readonly timeoutMs?: number | undefined;
  /** Repeats of this call at most, 0 to 100; default the client's. */
  readonly retries?: number | undefined;
  /** A read without an answer for this long goes to a second endpoint as well, in milliseconds, 1 to 60,000; default the client's rule. */
  readonly hedgeAfterMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called once per attempt, synchronously, right before its bytes are handed to the socket, with `clock.monotonicNs()`. */
  readonly onSent?: ((sentNs: number) => void) | undefined;
}

/** An attempt at the network edge. */
export interface Wire {
  /** As `HttpCall.abandon`. */
  abandon(reason: string): void;
}

/**
 * A call on its way: what was asked, which no layer changes, and what the present attempt sends, which layers write.
 *
 * One object a call, its fields rewritten for every attempt, so that a layer costs no copy. It is sent once: a second `Send` of
 * the same object would find the marks of the first.
 */
export class HttpCall {
  readonly method: HttpMethod;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isRead: boolean;
  readonly isPrivate: boolean;
  readonly weight: number;
  readonly priority: Priority;
  readonly timeoutMs: number | undefined;
  readonly retries: number | undefined;
  readonly hedgeAfterMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSent: ((sentNs: number) => void) | undefined;

  /** Where this attempt goes: `https://api.example.com`. Written by the failover layer. */
  origin = "";
  /** As sent: the query, headers and body with credentials in them. Written by the authenticate layer. */
  sentQuery: string;
  sentHeaders: Readonly<Record<string, string>>;
  sentBody: string;
  /** When the call must be over, on the monotonic clock. Written once, by the `deadline` layer. */
  deadlineNs = Number.POSITIVE_INFINITY;
  /** Credentials were renewed for this call already. Written by the authenticate layer. */
  hasRecovered = false;

  /** Who has, or had, this attempt at the network edge; undefined before it got there. Written by the pool, as are the next two. */
  wire: Wire | undefined = undefined;
  /** When the bytes of this attempt were handed to the socket, on the monotonic clock; 0 while none were. */
  sentNs = 0;
  /** What this attempt was answered, also where a layer made an error of it. */
  reply: HttpReply | undefined = undefined;
  /** Why this attempt is given up; the pool does not begin one that is. */
  abandonedFor: string | undefined = undefined;

  /** @throws {InvalidInputError} When a number is out of range, the signal is none, or `onSent` is no function. */
  constructor(options: CallOptions) {
    checkWriteControl(options);
    this.method = options.method;
    this.path = options.path;
    this.query = options.query ?? "";
    this.headers = options.headers ?? NO_HEADERS;
    this.body = options.body ?? "";
    this.isRead = options.isRead;
    this.isPrivate = options.isPrivate ?? false;
    this.weight = options.weight ?? 1;
    this.priority = options.priority ?? "read";
    this.timeoutMs = options.timeoutMs;
    this.retries = options.retries;
    this.hedgeAfterMs = options.hedgeAfterMs;
    this.signal = options.signal;
    this.onSent = options.onSent;
    this.sentQuery = this.query;
    this.sentHeaders = this.headers;
    this.sentBody = this.body;
  }

  /** `GET /api/v3/order`: what the call is named in errors and metrics. */
  get what(): string {
    return `${this.method} ${this.path}`;
  }

  /** Begins an attempt at `origin`, of which nothing has been sent. */
  begin(origin: string): void {
    this.origin = origin;
    this.wire = undefined;
    this.sentNs = 0;
    this.reply = undefined;
    this.abandonedFor = undefined;
  }

  /**
   * Gives the present attempt up, where that does no harm: a read, or a write of which no byte has left, rejects with a
   * `NetworkError`. A write on the wire goes on, as its answer may still come.
   */
  abandon(reason: string): void {
    this.abandonedFor = reason;
    this.wire?.abandon(reason);
  }
}

/** A whole answer. Pass it on as it is: `headers` may be made when it is asked for, which a copy by spreading would miss. */
export interface HttpReply {
  readonly status: number;
  /** Names in lower case. For a single one `headerOf` is cheaper. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * Sends a call and brings its answer: the one verb of the transport. It rejects and never throws.
 *
 * @throws {RequestError} Whose `outcome` says whether the venue may have acted.
 * @throws {InvalidInputError} When the call breaks a rule of a layer; nothing was sent.
 */
export type Send = (call: HttpCall) => Promise<HttpReply>;

/** Wraps a `Send` in another one of the same shape. */
export type Layer = (next: Send) => Send;

/**
 * `send` inside of layers, the first one outermost: `compose(pools.send, measure, retry)` measures what retry makes of the pool.
 *
 * The order that makes sense of most venues:
 *
 *     deadline       how long all of it may take
 *     measure        once a call, whatever happens to it
 *     retry          waits, then all of what follows anew
 *     failover       which endpoint; moves on at once
 *     limit          the budget, spent before the wire
 *     authenticate   signs last, so that a timestamp has not waited
 *     classify       what the venue calls an error is one, for all layers above
 *     pools.send     the wire
 *
 * @example
 * const send = compose(
 *   pools.send,
 *   deadline({ clock, closing }),
 *   measure({ clock, venue: "example", registry }),
 *   retry({ clock, random, events }),
 *   failover({ clock, choice: regions.service("rest") }),
 *   limit({ clock, budget, events, usedWeightHeader: "x-mbx-used-weight-1m" }),
 *   authenticate({ clock, authenticator }),
 *   classify(toError),
 * );
 */
export function compose(send: Send, ...layers: readonly Layer[]): Send {
  return layers.reduceRight((next, layer) => layer(next), send);
}

/** Proves to a venue who sends a call. */
export interface Authenticator {
  /**
   * Writes `sentQuery`, `sentHeaders` and `sentBody` of one attempt. Synchronous where a key signs; a promise only when a session
   * must be refreshed first.
   * @throws {InvalidInputError | RequestError} With outcome `unsent`, when there is nothing to prove it with.
   */
  prepare(call: HttpCall): void | Promise<void>;
  /**
   * The venue refused the credentials of this attempt: true when they were renewed, so that another attempt can go better.
   * Asked once a call.
   */
  recover?(call: HttpCall, error: Error): Promise<boolean>;
}

const NO_HEADERS: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({});
