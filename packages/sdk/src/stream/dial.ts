import type { Clock, Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import { asError } from "../as-error.ts";
import { AuthError, NetworkError, PitlaneError, RateLimitError } from "../errors.ts";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import { slept } from "../slept.ts";
import { type LinkEnd, linkEnd } from "./link.ts";

export type HandshakeHeaders = Readonly<Record<string, string>>;

export interface DialerOptions {
  readonly endpoints: EndpointChoice;
  /** Asked at every attempt. */
  readonly headers: (() => HandshakeHeaders | Promise<HandshakeHeaders>) | undefined;
  readonly onRefused: ((status: number) => Promise<boolean>) | undefined;
  readonly onError: (error: Error) => void;
  /** Starts an attempt at one endpoint. */
  readonly open: (endpoint: Endpoint, headers: HandshakeHeaders | undefined) => Attempt;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

/** One try to open a socket. */
export interface Attempt {
  /** Undefined once it is open, and when it was called off. */
  readonly ended: Promise<LinkEnd | undefined>;
  /** Gives it up. */
  abandon(reason: string): void;
}

const BACKOFF = { baseMs: 250, capMs: 30_000 } as const;
// A handshake is four trips there and back, so a quarter of this is the longest way that is waited for while there is a shorter one.
const HURRY_MS = 1_200;

/**
 * Dials until a socket is open: the best endpoint first, each other one at once when that fails, then a pause of full-jitter
 * backoff, 250 ms to 30 s, and all of them anew. While another one is left, an endpoint gets 1.2 s.
 */
export class Dialer {
  readonly #options: DialerOptions;
  #failures = 0; // rounds in a row

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  /** A socket lived long enough: the next loss begins with a short pause again. */
  reset(): void {
    this.#failures = 0;
  }

  /** The pause before a dial that follows a loss, in milliseconds. */
  pauseMs(): number {
    return backoffMs(this.#failures++, { ...BACKOFF, random: this.#options.random });
  }

  /**
   * Resolves when a socket is open, or `signal` aborts. Never rejects.
   *
   * @param afterMs - The first attempt is made then; without a wait it is made before this returns.
   * @param avoided - An endpoint to try last.
   */
  async dial(afterMs: number, avoided: Endpoint | undefined, signal: AbortSignal): Promise<void> {
    const { endpoints } = this.#options;
    const tried = new Set<Endpoint>(avoided === undefined ? [] : [avoided]);
    let delayMs = afterMs;
    let wasRenewed = false;
    for (;;) {
      if (delayMs > 0 && !(await slept(this.#options.clock, delayMs, signal))) return;
      const endpoint = endpoints.pick(tried);
      if (tried.has(endpoint)) tried.clear(); // there is no other: a new round
      tried.add(endpoint);
      const end = await this.#attempt(endpoint, tried, signal);
      if (end === undefined || signal.aborted) return;
      if (!wasRenewed && (await this.#renewed(end))) {
        wasRenewed = true;
        tried.delete(endpoint);
        delayMs = 0;
        continue;
      }
      wasRenewed = false;
      this.#report(endpoint, end);
      const isRoundOver = tried.has(endpoints.pick(tried));
      if (isRoundOver) tried.clear();
      delayMs = Math.max(end.afterMs, isRoundOver ? this.pauseMs() : 0);
    }
  }

  async #attempt(endpoint: Endpoint, tried: ReadonlySet<Endpoint>, signal: AbortSignal): Promise<LinkEnd | undefined> {
    const { headers, open, endpoints } = this.#options;
    let attempt: Attempt;
    try {
      // No promise is waited for where there is none: the socket is on its way when the constructor returns.
      const given = headers?.();
      const ready = given instanceof Promise ? await given : given;
      if (signal.aborted) return undefined;
      attempt = open(endpoint, ready);
    } catch (error) {
      const cause = asError(error);
      return linkEnd(cause.message, cause);
    }
    const hurry = setTimeout(() => {
      if (!tried.has(endpoints.pick(tried))) attempt.abandon(`it took more than ${HURRY_MS} ms`);
    }, HURRY_MS);
    try {
      return await attempt.ended;
    } finally {
      clearTimeout(hurry);
    }
  }

  /** True when the credentials of a refused handshake were renewed. */
  async #renewed({ status }: LinkEnd): Promise<boolean> {
    const { onRefused, onError } = this.#options;
    if (onRefused === undefined || (status !== 401 && status !== 403)) return false;
    try {
      return await onRefused(status);
    } catch (error) {
      onError(asError(error));
      return false;
    }
  }

  #report(endpoint: Endpoint, end: LinkEnd): void {
    const { endpoints, onError } = this.#options;
    const error = toError(endpoint, end);
    if (end.isItsFault) endpoints.failed(endpoint, error);
    onError(error);
  }
}

/** What the end of a socket, or of the attempt to open one, is as an error. The URL's query is not in it: it may hold a key. */
export function toError(endpoint: Endpoint, { reason, cause, wasOpen, status, afterMs }: LinkEnd): Error {
  if (cause instanceof PitlaneError) return cause; // of who makes the headers
  const message = `${new URL(endpoint.url).host} ${wasOpen ? "was lost" : "could not be connected"}: ${reason}`;
  const refusal = { status: status ?? 0, venueText: "" };
  if (status === 401 || status === 403) return new AuthError(message, refusal);
  if (status === 429 || status === 418) return new RateLimitError(message, { ...refusal, retryAfterMs: afterMs });
  return new NetworkError(message, { outcome: wasOpen ? "unknown" : "unsent", cause });
}
