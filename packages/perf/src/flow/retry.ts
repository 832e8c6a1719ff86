import type { Clock } from "../clock.ts";
import { inRange, integerInRange, PitlaneError } from "../errors.ts";
import type { Random } from "../random.ts";
import { backoffMs } from "./backoff.ts";

export interface RetryOptions {
  /** Repeats after the first attempt; 0 to 100, 3 unless told. */
  readonly retries?: number;
  /** Longest first delay, in milliseconds; 1 to 3,600,000, 100 unless told. */
  readonly baseMs?: number;
  /** Longest delay, in milliseconds; `baseMs` to 3,600,000, 10,000 unless told. */
  readonly capMs?: number;
  /** How much longer each delay may be than the one before; 1 to 10, 2 unless told. */
  readonly factor?: number;
  /** No attempt begins later than this after the first, in milliseconds; 1 to 86,400,000, no limit unless told. */
  readonly deadlineMs?: number;
  /** Whether to repeat after `error` of attempt `attempt` (0 is the first); `mayRetry` unless told. */
  readonly mayRetry?: (error: unknown, attempt: number) => boolean;
  /** Told of each failure that is followed by a repeat; for logs and counters. */
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly random: Pick<Random, "next">;
}

/** Every attempt failed, the last one in a way that might have been repeated. `cause` is the last error. */
export class RetriesExhaustedError extends PitlaneError {
  readonly code = "RETRIES_EXHAUSTED";
  readonly retryable = true;
  /** What each attempt failed with, in order. */
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    const last = errors.at(-1);
    const said = last instanceof Error ? last.message : String(last);
    super(`gave up after ${errors.length} ${errors.length === 1 ? "attempt" : "attempts"}: ${said}`, { cause: last });
    this.errors = errors;
  }
}

/** Whether `error` says itself that repeating could go better. Errors of unknown kind do not: the call may have acted. */
export function mayRetry(error: unknown): boolean {
  return error instanceof PitlaneError && error.retryable;
}

/**
 * Calls `fn` until it succeeds, at most `retries` more times, with exponential backoff and full jitter between.
 *
 * Only for what is safe to repeat: a read, or a write that the server recognises. An error that `mayRetry` refuses is thrown
 * as it is. An error with a `retryAfterMs` (a server's Retry-After, an open circuit) lengthens the delay to that, beyond
 * `capMs` too. When the delay would pass `deadlineMs`, it gives up at once. A running attempt is not cut short: give `fn` a
 * time limit of its own, or a signal with one.
 *
 * @param fn Gets the attempt's number, 0 for the first, and `signal`.
 * @throws {RetriesExhaustedError} When attempts or time run out.
 * @throws {InvalidInputError} When an option is out of range; `fn` is then not called.
 * @throws The signal's reason when it aborts before an attempt or during a delay.
 * @example
 * const book = await retry(() => fetchBook(symbol), { clock, random }, signal);
 */
export async function retry<T>(
  fn: (attempt: number, signal: AbortSignal | undefined) => Promise<T>,
  options: RetryOptions,
  signal?: AbortSignal,
): Promise<T> {
  const retries = integerInRange("retries", options.retries ?? 3, 0, 100);
  const baseMs = inRange("baseMs", options.baseMs ?? 100, 1, 3_600_000);
  const capMs = inRange("capMs", options.capMs ?? Math.max(baseMs, 10_000), baseMs, 3_600_000);
  const factor = inRange("factor", options.factor ?? 2, 1, 10);
  const { clock, random, deadlineMs } = options;
  if (deadlineMs !== undefined) inRange("deadlineMs", deadlineMs, 1, 86_400_000);
  const lastStartNs = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicNs() + deadlineMs * 1e6;
  const errors: unknown[] = [];
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await fn(attempt, signal);
    } catch (error) {
      if (signal?.aborted || !(options.mayRetry ?? mayRetry)(error, attempt)) throw error;
      errors.push(error);
      if (attempt === retries) throw new RetriesExhaustedError(errors);
      const delayMs = Math.max(retryAfterMs(error), backoffMs(attempt, { baseMs, capMs, factor, random }));
      if (clock.monotonicNs() + delayMs * 1e6 > lastStartNs) throw new RetriesExhaustedError(errors);
      options.onRetry?.(error, attempt, delayMs);
      await clock.sleep(delayMs, signal);
    }
  }
}

/** The wait that `error` asks for, in milliseconds; 0 when it asks for none. */
function retryAfterMs(error: unknown): number {
  const asked = error instanceof Error && "retryAfterMs" in error ? error.retryAfterMs : undefined;
  return typeof asked === "number" && asked > 0 ? asked : 0;
}
