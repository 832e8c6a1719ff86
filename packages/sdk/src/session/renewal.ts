import { type Clock, InvalidInputError, PitlaneError, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import { ProtocolError, RateLimitError, RequestError, VenueError } from "../errors.ts";
import { SessionUnavailableError, UnreadableTokenError } from "./errors.ts";

const RATE_LIMIT_MS = 30_000; // what known clients of the venue that throttles refreshes wait
const LOGIN_MS = 30_000;
const LOGIN_CAP_MS = 600_000;
const REFRESH = { baseMs: 250, capMs: 5_000 } as const;

/** Whether a refresh that failed with `error` says that the session is dead, as against that it could not be asked. Pure. */
export function isRefusal(error: unknown): boolean {
  if (isThrottled(error)) return false;
  if (error instanceof RequestError) return error.outcome === "refused" && !error.retryable;
  return error instanceof InvalidInputError || error instanceof UnreadableTokenError;
}

/** Whether a login that failed with `error` may be tried again unasked. One whose credentials or code were wrong may not: accounts get locked. Pure. */
export function mayLogInAgain(error: unknown): boolean {
  return error instanceof ProtocolError || (error instanceof PitlaneError && error.retryable);
}

/** The venue asks for fewer renewals: 429, or 425 where a venue uses that for it. Pure. */
export function isThrottled(error: unknown): boolean {
  return (
    error instanceof RateLimitError || (error instanceof VenueError && (error.status === 429 || error.status === 425))
  );
}

/** What a session that is lost says of its renewal, which failed with `error`, and of what helps. Pure. */
export function whyNotRenewed(error: unknown, refreshToken: string | undefined, remedy: string): string {
  const unasked = refreshToken === undefined ? "it has no refreshToken" : "it cannot be renewed";
  const why = error instanceof RequestError ? "its refresh was refused" : unasked;
  return `the session is lost: ${why}, and there is no login: ${remedy}`;
}

export interface RenewalFailure {
  readonly kind: "refresh" | "login";
  readonly error: unknown;
  /** Failed renewals in a row before this one. */
  readonly failures: number;
  readonly random: Pick<Random, "next">;
}

/**
 * How long nothing is asked of the venue after a renewal has failed, in milliseconds: 30 s, or longer when it says so, after
 * a refusal for too many; 30 s doubling to 10 minutes after a login, since each may send its user a code; 250 ms doubling to
 * 5 s with full jitter after a refresh. Pure but for its draw.
 */
function pauseMs({ kind, error, failures, random }: RenewalFailure): number {
  if (isThrottled(error)) return Math.max(RATE_LIMIT_MS, error instanceof RateLimitError ? error.retryAfterMs : 0);
  if (kind === "login") return Math.min(LOGIN_CAP_MS, LOGIN_MS * 2 ** Math.min(failures, 10));
  return Math.ceil(backoffMs(failures, { ...REFRESH, random }));
}

/** The time after a failed renewal in which nothing is asked of the venue. */
export class RenewalPause {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #random: Pick<Random, "next">;
  #failures = 0;
  #cause: unknown;
  #untilNs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "monotonicNs">, random: Pick<Random, "next">) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Failed renewals in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Begins a pause and returns its length, in milliseconds. */
  begin(kind: "refresh" | "login", error: unknown): number {
    const delayMs = pauseMs({ kind, error, failures: this.#failures, random: this.#random });
    this.#failures++;
    this.#cause = error;
    this.#untilNs = this.#clock.monotonicNs() + delayMs * 1e6;
    return delayMs;
  }

  /** Milliseconds that are left of it; 0 or below when it is over. */
  leftMs(): number {
    return (this.#untilNs - this.#clock.monotonicNs()) / 1e6;
  }

  /** What a call is told that cannot wait for its end. */
  error(): SessionUnavailableError {
    const retryAfterMs = Math.max(0, Math.ceil(this.leftMs()));
    const why = this.#cause instanceof Error ? this.#cause.message : "its renewal failed";
    const message = `the session could not be renewed, next try in ${retryAfterMs} ms: ${why}`;
    return new SessionUnavailableError(message, { cause: this.#cause, retryAfterMs });
  }

  /** A renewal succeeded. */
  clear(): void {
    this.#failures = 0;
    this.#cause = undefined;
    this.#untilNs = Number.NEGATIVE_INFINITY;
  }
}
