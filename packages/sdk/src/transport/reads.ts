import type { Clock, Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import { SlidingWindow } from "@pitlane/perf/limit";
import { Agent } from "undici";
import type { CallControl } from "../calls.ts";
import type { ClientEmitter } from "../client-events.ts";
import {
  NetworkError,
  ProtocolError,
  RateLimitError,
  RequestError,
  TimeoutError,
  VenueUnavailableError,
} from "../errors.ts";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import { BudgetExhaustedError, CallAbortedError } from "./errors.ts";
import { offAbort, onAbort } from "./on-abort.ts";

/** A reply that is no success. */
export interface RefusedRead {
  readonly status: number;
  /** The `Retry-After` header. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface ReadsOptions {
  readonly hosts: EndpointChoice;
  /** What a reply that is no success means; `what` names the call. */
  readonly toError: (what: string, reply: RefusedRead) => RequestError;
  /** In lower case: the reply header with the weight that the venue counts in the present minute. */
  readonly usedWeightHeader: string;
  /** Weight in any minute to stay below; 1 to 1,000,000. */
  readonly requestWeight: number;
  /** Limit for connecting, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Limit for a whole call, its tries and waits included, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Most sockets a host. */
  readonly connections: number;
  /** How often a read is tried again, each time at every host. */
  readonly retries: number;
  /** Told `retried` and `rateLimited`. */
  readonly events: Pick<ClientEmitter, "emit">;
  /** Aborts when the client begins to close: calls that come after that are refused, unsent. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

/** A call under way. */
interface Read {
  /** `GET /api/v3/time`: what errors name it. */
  readonly what: string;
  readonly path: string;
  readonly weight: number;
  readonly deadlineNs: number;
  /** Aborts when the call is over, for whatever reason. */
  readonly signal: AbortSignal;
}

const MINUTE_MS = 60_000;
const HEAD_WITHIN_MS = 3_000; // of an answer, while another host is left
const LARGEST_REPLY = 2 ** 26; // bytes; Binance's exchangeInfo has about 15 MB
const BACKOFF = { baseMs: 100, capMs: 10_000 } as const;

/**
 * Reads by HTTP, over kept connections: each goes to the best host, to every other one at once when that fails, and after a pause to
 * all of them again. For reads alone: whatever may have been sent is sent again.
 *
 * Weight is spent before the wire, and calls wait where it is short, or where the venue asked for a pause; in no fixed order. The
 * layers of `compose` do more: writes, priorities, hedging, metrics.
 *
 * @example
 * const reads = new Reads({ hosts, toError, usedWeightHeader: "x-mbx-used-weight-1m", requestWeight: 6_000, ...rest });
 * const text = await reads.get("/api/v3/time", 1);
 */
export class Reads {
  readonly #options: ReadsOptions;
  readonly #agent: Agent;
  readonly #window: SlidingWindow;
  readonly #underWay = new Set<AbortController>();
  #minute = 0; // since the epoch, for which the next field holds
  #used = 0; // weight, by the venue's count
  #pausedUntilNs = 0;

  /** @throws {InvalidInputError} When `requestWeight` is out of range. */
  constructor(options: ReadsOptions) {
    const { requestWeight, connectTimeoutMs, connections, clock } = options;
    this.#options = options;
    this.#window = new SlidingWindow({ limit: requestWeight, windowMs: MINUTE_MS, clock });
    this.#agent = new Agent({
      connections,
      connect: { timeout: connectTimeoutMs, autoSelectFamily: true },
      keepAliveTimeout: MINUTE_MS,
      bodyTimeout: 0, // the call's own timer ends a body that does not
      maxResponseSize: LARGEST_REPLY,
    });
  }

  /**
   * The text of a reply.
   *
   * @param path With the query.
   * @param control As `checkControl` lets it pass.
   * @throws {RequestError} When it could not be had. @throws The signal's reason, when that aborts.
   */
  async get(path: string, weight: number, control: CallControl = {}): Promise<string> {
    const { callTimeoutMs, closing, clock } = this.#options;
    const { signal, timeoutMs: limitMs = callTimeoutMs, retries = this.#options.retries } = control;
    signal?.throwIfAborted();
    const what = `GET ${path.split("?", 1)[0]}`;
    if (closing.aborted) throw closed(what, "unsent");
    const over = new AbortController();
    const caller = { handleEvent: () => over.abort(signal?.reason) };
    onAbort(signal, caller);
    this.#underWay.add(over);
    const read = { what, path, weight, deadlineNs: clock.monotonicNs() + limitMs * 1e6, signal: over.signal };
    clock.sleep(limitMs, over.signal).then(
      () => over.abort(new TimeoutError(`${what} got no answer in ${limitMs} ms`, { outcome: "unknown" })),
      () => {}, // it was over before
    );
    try {
      return await this.#repeat(read, retries);
    } catch (error) {
      over.signal.throwIfAborted(); // says why better than what broke by it
      throw error;
    } finally {
      this.#underWay.delete(over);
      offAbort(signal, caller);
      over.abort(); // ends the timer
    }
  }

  /** Closes every socket; calls under way fail. `closing` must have aborted before. */
  close(): Promise<void> {
    for (const over of this.#underWay) over.abort(closed("a read", "unknown"));
    return this.#agent.destroy();
  }

  async #repeat(read: Read, most: number): Promise<string> {
    const { events, clock, random } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#everywhere(read);
      } catch (error) {
        if (read.signal.aborted || attempt > most || !(error instanceof RequestError) || !error.retryable) throw error;
        const askedMs = "retryAfterMs" in error ? (error.retryAfterMs as number) : 0;
        const delayMs = Math.max(askedMs, backoffMs(attempt - 1, { ...BACKOFF, random }));
        if (clock.monotonicNs() + delayMs * 1e6 >= read.deadlineNs) throw error;
        events.emit("retried", { call: read.what, attempt, delayMs, error });
        await clock.sleep(delayMs, read.signal);
      }
    }
  }

  /** At the best host, then at each other one; fails as the last of them did. */
  async #everywhere(read: Read): Promise<string> {
    const { hosts, clock } = this.#options;
    const tried = new Set<Endpoint>();
    for (let endpoint = hosts.pick(); ; ) {
      tried.add(endpoint);
      await this.#pay(read);
      const next = hosts.pick(tried);
      const isLast = tried.has(next);
      const startedNs = clock.monotonicNs();
      try {
        const text = await this.#once(read, endpoint, isLast ? 0 : HEAD_WITHIN_MS);
        hosts.succeeded(endpoint, (clock.monotonicNs() - startedNs) / 1e6);
        return text;
      } catch (error) {
        const { aborted, reason } = read.signal;
        // A caller in a hurry says nothing of the host.
        const isSlow = reason instanceof TimeoutError && clock.monotonicNs() - startedNs >= HEAD_WITHIN_MS * 1e6;
        if (!isOfHost(error) || (aborted && !isSlow)) throw error;
        hosts.failed(endpoint, error);
        if (isLast || aborted) throw error;
        endpoint = next;
      }
    }
  }

  async #once({ what, path, signal }: Read, { url }: Endpoint, headersTimeout: number): Promise<string> {
    let status: number;
    let text: string;
    let header: (name: string) => string | undefined;
    try {
      const reply = await this.#agent.request({ origin: url, path, method: "GET", headersTimeout, signal });
      header = (name) => [reply.headers[name]].flat()[0];
      status = reply.statusCode;
      text = await reply.body.text();
    } catch (error) {
      throw toError(`${what} at ${url}`, error);
    }
    this.#learn(Number(header(this.#options.usedWeightHeader)));
    if (status >= 200 && status < 300) return text;
    const error = this.#options.toError(what, { status, retryAfter: header("retry-after"), text });
    if (error instanceof RateLimitError) this.#pause(url, error.retryAfterMs);
    throw error;
  }

  /** Spends the weight, or waits until it can. */
  async #pay({ what, weight, deadlineNs, signal }: Read): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const retryAfterMs = this.#waitMs(weight);
      if (retryAfterMs === 0 && this.#window.tryTake(weight)) break;
      if (clock.monotonicNs() + retryAfterMs * 1e6 >= deadlineNs) {
        const words = `has no time to wait ${retryAfterMs} ms for the venue's request budget`;
        throw new BudgetExhaustedError(`${what} ${words}`, { retryAfterMs });
      }
      await clock.sleep(retryAfterMs, signal);
    }
  }

  #waitMs(weight: number): number {
    const { clock, requestWeight } = this.#options;
    const pauseMs = Math.ceil((this.#pausedUntilNs - clock.monotonicNs()) / 1e6);
    const nowMs = clock.nowUs() / 1e3;
    // Others may use our address, and the venue counts them too, by the minute.
    const isFull = Math.floor(nowMs / MINUTE_MS) === this.#minute && this.#used + weight > requestWeight;
    const minuteMs = isFull ? Math.ceil((this.#minute + 1) * MINUTE_MS - nowMs) : 0;
    return Math.max(0, pauseMs, minuteMs, this.#window.waitMs(weight));
  }

  /** Takes the venue's count; replies may overtake each other, so a lower one of the same minute says nothing. */
  #learn(usedWeight: number): void {
    const minute = Math.floor(this.#options.clock.nowUs() / 1e3 / MINUTE_MS);
    if (minute === this.#minute && !(usedWeight > this.#used)) return;
    this.#minute = minute;
    this.#used = usedWeight || 0;
  }

  #pause(origin: string, retryAfterMs: number): void {
    const { events, clock } = this.#options;
    this.#pausedUntilNs = Math.max(this.#pausedUntilNs, clock.monotonicNs() + retryAfterMs * 1e6);
    events.emit("rateLimited", { origin, retryAfterMs });
  }
}

function closed(what: string, outcome: "unsent" | "unknown"): CallAbortedError {
  return new CallAbortedError(`${what} was ended: the client is closed`, { outcome });
}

function isOfHost(error: unknown): error is RequestError {
  return error instanceof NetworkError || error instanceof TimeoutError || error instanceof VenueUnavailableError;
}

/** What undici's failure means. */
function toError(what: string, cause: unknown): RequestError {
  const { message, code } = cause as NodeJS.ErrnoException;
  const words = message || code; // of several refused addresses there is only the code
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return new ProtocolError(`${what} got too many bytes`);
  const ErrorOfKind = /TIMED?_?OUT$/.test(String(code)) ? TimeoutError : NetworkError; // undici's two, and the system's
  const outcome = code === "ECONNREFUSED" ? "unsent" : "unknown"; // nobody was there to send it to
  return new ErrorOfKind(`${what} failed: ${words}`, { outcome, cause });
}
