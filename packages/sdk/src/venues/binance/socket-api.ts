import { InvalidInputError } from "@pitlane/perf";
import { LimiterQueueFullError } from "@pitlane/perf/limit";
import { asError } from "../../as-error.ts";
import { ProtocolError, RateLimitError, type RequestError, TimeoutError } from "../../errors.ts";
import type { Redactor } from "../../session/secrets.ts";
import type { Signer } from "../../session/sign.ts";
import type { Link } from "../../stream/link.ts";
import { BudgetExhaustedError, CallAbortedError } from "../../transport/errors.ts";
import type { Repeat, Repeatable } from "../../transport/retry.ts";
import type { Api, ApiCall } from "./api.ts";
import { isRefusedTime } from "./authenticator.ts";
import { type Fields, parseJson, toFields } from "./fields.ts";
import { TOO_MANY_ORDERS } from "./order-budget.ts";
import { type PendingCall, PendingCalls } from "./pending-calls.ts";
import { MINUTE_MS, type RateCount, rateCountsOf } from "./rate-counts.ts";
import { redactorOf } from "./redact.ts";
import { AnswerScanner } from "./scan-answer.ts";
import { signWsApi } from "./sign.ts";
import { toSocketError } from "./socket-reply.ts";
import { createTimeText } from "./time-text.ts";

/** The connection under a `SocketApi`: a `Connection`. */
export interface ApiConnection {
  /** Opens another socket, which takes over when it is ready. */
  recycle(): void;
  close(): Promise<void>;
}

/** What a `SocketApi` wants to hear of its connection. */
export interface ApiConnectionCallbacks {
  readonly onOpen: (link: Link) => void;
  readonly onFrame: (data: Buffer, link: Link) => void;
  readonly onLost: (reason: string) => void;
}

/** A call over all its tries. */
interface Repeated extends Repeatable {
  readonly call: ApiCall;
}

/** The request weight of the venue, spent before the wire. */
export interface WeightLimit {
  /** Takes the call's weight, or nothing and returns false. */
  tryTake(call: ApiCall): boolean;
  /** How long the call would have to wait for its weight, in milliseconds. */
  waitMs(call: ApiCall): number;
  /** Waits for the call's weight. @throws The signal's reason when it aborts first. */
  take(call: ApiCall, signal: AbortSignal): Promise<void>;
  /** The venue's own count. */
  observe(usedWeight: number): void;
  /** The venue asked for a pause. */
  pause(retryAfterMs: number): void;
}

export interface SocketApiOptions {
  readonly open: (callbacks: ApiConnectionCallbacks) => ApiConnection;
  readonly signer: Signer;
  readonly recvWindowMs: number;
  readonly callTimeoutMs: number;
  readonly nowUs: () => number;
  /** Measures the venue's time anew. */
  readonly resync: () => Promise<void>;
  readonly limit: WeightLimit;
  /** Repeats what is safe to repeat. */
  readonly repeat: Repeat;
  readonly clock: ConstructorParameters<typeof PendingCalls>[0];
  /** What concerns no call: messages that cannot be read, a session that the venue ended. */
  readonly onError: (error: Error) => void;
}

const LOGON_ID = 0; // calls count from 1

/**
 * Binance's WebSocket API as a way for calls: one socket, opened by the first of them, which stays; any number of calls at once.
 *
 * With an Ed25519 key the session is logged on when the socket opens, and calls then need no signature; with other keys each is
 * signed. Calls that come while the socket opens wait for it, within their own time limit. Reads are repeated as over REST; a write
 * goes out once, and one that the socket did not take waits for the next. Source: web-socket-api.md, 2026-07.
 */
export class SocketApi implements Api {
  readonly #options: SocketApiOptions;
  readonly #calls: PendingCalls;
  #connection: ApiConnection | undefined;
  #link: Link | undefined; // that calls go out on
  readonly #logons = new WeakMap<Link, string>(); // signatures that the sessions were logged on with
  readonly #closing = new AbortController();
  readonly #scanner = new AnswerScanner();
  readonly #timeText = createTimeText();

  constructor(options: SocketApiOptions) {
    this.#options = options;
    this.#calls = new PendingCalls(options.clock, options.callTimeoutMs);
  }

  call(call: ApiCall): Promise<unknown> {
    const { method } = call;
    try {
      if (method === undefined) throw new InvalidInputError(`the WebSocket API has no call ${call.verb} ${call.path}`);
      this.#checkOpen(method);
      // A write that need not wait has no promise of its own, each of which would be paid for again by every order; nor has it
      // anything to repeat: while it is unsent it waits for the socket.
      if (call.isRead || !this.#options.limit.tryTake(call)) return this.#repeated(method, call);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#add(method, call);
  }

  /** Closes the socket; calls under way fail. */
  async close(): Promise<void> {
    this.#closing.abort(new InvalidInputError("the client was closed"));
    this.#link = undefined;
    this.#calls.rejectAll(
      ({ what, outcome }) => new CallAbortedError(`${what} was ended: the client was closed`, { outcome }),
    );
    this.#calls.close();
    await this.#connection?.close();
  }

  #checkOpen(what: string): void {
    if (!this.#closing.signal.aborted) return;
    throw new CallAbortedError(`${what} was refused: the client is closed`, { outcome: "unsent" });
  }

  /** All tries of a call, within its time limit. */
  async #repeated(what: string, call: ApiCall): Promise<unknown> {
    const { repeat, callTimeoutMs, clock } = this.#options;
    const { signal, retries, timeoutMs = callTimeoutMs } = call.control;
    const deadlineNs = clock.monotonicNs() + timeoutMs * 1e6;
    try {
      return await repeat({ what, isRead: call.isRead, retries, signal, deadlineNs, call }, this.#try);
    } catch (error) {
      if (call.isRead) signal?.throwIfAborted(); // a read has no outcome to tell: its caller gets the reason back
      throw error;
    }
  }

  readonly #try = async ({ what, call, deadlineNs }: Repeated): Promise<unknown> => {
    const { limit, clock } = this.#options;
    this.#checkOpen(what);
    if (!limit.tryTake(call)) await this.#pay(what, call, (deadlineNs - clock.monotonicNs()) / 1e6);
    const timeoutMs = (deadlineNs - clock.monotonicNs()) / 1e6;
    if (timeoutMs <= 0) throw new TimeoutError(`${what} had no time left to be sent`, { outcome: "unsent" });
    return this.#add(what, { ...call, control: { ...call.control, timeoutMs } });
  };

  /** Waits for the call's weight, where `leftMs` are time for that. */
  async #pay(what: string, call: ApiCall, leftMs: number): Promise<void> {
    const { limit } = this.#options;
    const { signal } = call.control;
    const waitMs = limit.waitMs(call);
    if (waitMs >= leftMs) {
      const words = `has no time to wait ${waitMs} ms for the venue's request budget`;
      throw new BudgetExhaustedError(`${what} ${words}`, { retryAfterMs: waitMs });
    }
    const closing = this.#closing.signal;
    try {
      await limit.take(call, signal === undefined ? closing : AbortSignal.any([signal, closing]));
    } catch (cause) {
      if (cause instanceof LimiterQueueFullError) {
        throw new BudgetExhaustedError(`${what}: ${cause.message}`, { retryAfterMs: 0 });
      }
      throw new CallAbortedError(`${what} was ended while it waited for the request budget`, {
        outcome: "unsent",
        cause,
      });
    }
  }

  #add(method: string, call: ApiCall): Promise<unknown> {
    this.#open();
    return this.#calls.add(method, call, this.#onAdded);
  }

  #open(): void {
    this.#connection ??= this.#options.open({
      onOpen: (link) => this.#onOpen(link),
      onFrame: (data, link) => {
        if (!this.#tryScan(data)) this.#onFrame(data.toString("utf8"), link);
      },
      onLost: (reason) => {
        this.#link = undefined;
        this.#calls.lost(reason);
      },
    });
  }

  #onOpen(link: Link): void {
    const { signer, recvWindowMs, nowUs } = this.#options;
    if (signer.algorithm !== "ed25519") return this.#ready(link);
    const { json, signature } = signWsApi({}, signer, String(Math.floor(nowUs() / 1000)), recvWindowMs);
    this.#logons.set(link, signature);
    link.trySend(`{"id":${LOGON_ID},"method":"session.logon","params":${json}}`);
  }

  #ready(link: Link): void {
    link.ready();
    this.#link = link;
    this.#flush();
  }

  // By itself, not with all that wait: one whose timestamp was refused waits for the venue's time.
  readonly #onAdded = (pending: PendingCall): void => {
    if (this.#link !== undefined) this.#trySend(pending);
  };

  #flush(): void {
    if (this.#link === undefined) return;
    for (const pending of this.#calls.waiting()) this.#trySend(pending);
  }

  #trySend(pending: PendingCall): void {
    try {
      this.#send(pending);
    } catch (error) {
      pending.reject(asError(error)); // of the caller's onSent: nothing was sent
    }
  }

  #send(pending: PendingCall): void {
    const { call, what } = pending;
    const params = call.isSigned ? this.#authenticate(pending) : JSON.stringify(call.params);
    this.#calls.send(
      pending,
      (id) => this.#link?.trySend(`{"id":${id},"method":"${what}","params":${params}}`) ?? false,
    );
  }

  /** JSON of the parameters with what proves who asks. */
  #authenticate(pending: PendingCall): string {
    const { signer, recvWindowMs, nowUs } = this.#options;
    const { params } = pending.call;
    const timestamp = Math.floor(nowUs() / 1000);
    // The session is logged on.
    if (signer.algorithm === "ed25519") return JSON.stringify({ ...params, recvWindow: recvWindowMs, timestamp });
    const { json, signature } = signWsApi(params, signer, this.#timeText(timestamp), recvWindowMs);
    pending.signature = signature;
    return json;
  }

  /** Takes the answer to an order that was placed or cancelled, in the form that it nearly always has. */
  #tryScan(data: Buffer): boolean {
    const scanner = this.#scanner;
    const id = scanner.idOf(data);
    const pending = id > 0 ? this.#calls.answered(id) : undefined;
    if (pending?.call.answer === undefined) return false;
    const result = scanner.tryRead(data, pending.call.answer);
    if (result === undefined) return false;
    this.#learn(scanner.counts, pending);
    pending.resolve(result);
    return true;
  }

  #learn(counts: readonly RateCount[], pending: PendingCall | undefined): void {
    for (const { type, windowMs, count } of counts) {
      if (type === "REQUEST_WEIGHT" && windowMs === MINUTE_MS && count >= 0) this.#options.limit.observe(count);
    }
    pending?.call.ticket?.tell(counts);
  }

  #onFrame(received: string, link: Link): void {
    let message: Fields;
    try {
      message = toFields("WebSocket API", parseJson("WebSocket API", received));
    } catch {
      // Not its text: it may echo the signature of any call, also of one that has ended.
      this.#options.onError(
        new ProtocolError(`a WebSocket API message of ${received.length} characters cannot be read`),
      );
      return;
    }
    const { id } = message;
    const pending = typeof id === "number" && id !== LOGON_ID ? this.#calls.answered(id) : undefined;
    this.#learn(rateCountsOf(message["rateLimits"]), pending);
    if (message["event"] !== undefined) return this.#onVenueEvent(message["event"]);
    if (id === LOGON_ID) return this.#onLogon(message, link);
    if (typeof id !== "number") return this.#onSessionEnd(message, link);
    if (pending === undefined) return; // its caller has gone
    if (message["status"] === 200) return pending.resolve(message["result"]);
    this.#onRefusal(pending, message, link);
  }

  #onRefusal(pending: PendingCall, message: Fields, link: Link): void {
    const { resync, limit } = this.#options;
    let error: RequestError;
    try {
      error = toSocketError(pending.what, message, this.#redactorOf(link, pending.signature));
    } catch (cause) {
      return pending.reject(asError(cause));
    }
    // Too many orders are no reason to hold up anything else: their own budget waits.
    if (error instanceof RateLimitError && error.venueCode !== TOO_MANY_ORDERS) limit.pause(error.retryAfterMs);
    if (!isRefusedTime(error) || pending.isRenewed) return pending.reject(error);
    pending.isRenewed = true;
    this.#calls.requeue(pending);
    resync().then(
      () => this.#flush(),
      () => pending.reject(error), // the refusal says more than why the time cannot be told
    );
  }

  #onLogon(message: Fields, link: Link): void {
    if (message["status"] === 200) return this.#ready(link);
    const error = toSocketError("session.logon", message, this.#redactorOf(link));
    if (isRefusedTime(error)) {
      const drop = () => link.drop("the venue refused the time of the logon");
      return void this.#options.resync().then(drop, drop); // calls wait for the next logon
    }
    if (!error.retryable) this.#calls.rejectAll(() => error);
    link.drop("the venue refused the logon", error instanceof RateLimitError ? error.retryAfterMs : 0);
  }

  /** An error that answers no call: the key went bad while the session lived. */
  #onSessionEnd(message: Fields, link: Link): void {
    this.#options.onError(toSocketError("session", message, this.#redactorOf(link)));
    link.drop("the venue ended the session");
  }

  /** @param signature Of the call, where it had one; the session's own otherwise. */
  #redactorOf(link: Link, signature = ""): Redactor {
    return redactorOf(this.#options.signer, signature || this.#logons.get(link));
  }

  #onVenueEvent(event: unknown): void {
    const kind = toFields("WebSocket API event", event)["e"];
    if (kind === "serverShutdown") this.#connection?.recycle();
  }
}
