import { inRange, integerInRange, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import type { ClientEmitter } from "../client-events.ts";
import { RateLimitError, RequestError } from "../errors.ts";
import { type WaitOptions, waitWithin } from "./deadline.ts";
import { BudgetExhaustedError } from "./errors.ts";
import type { HttpCall, Layer } from "./transport.ts";

export interface RetryLayerOptions extends WaitOptions {
  /** Repeats after the first attempt; 0 to 100, 3 unless told. */
  readonly retries?: number;
  /** Longest first delay, in milliseconds; 1 to 3,600,000, 100 unless told. */
  readonly baseMs?: number;
  /** Longest delay, in milliseconds; `baseMs` to 3,600,000, 10,000 unless told. */
  readonly capMs?: number;
  /** How much longer each delay may be than the one before; 1 to 10, 2 unless told. */
  readonly factor?: number;
  readonly random: Pick<Random, "next">;
  /** Told `retried` before each repeat. */
  readonly events?: Pick<ClientEmitter, "emit"> | undefined;
}

/**
 * Repeats what is safe to repeat: a read whose error is `retryable`, and a write only when its error says that no byte of it
 * can have left (`unsent`). Delays have full jitter; a venue's Retry-After lengthens them, beyond `capMs` too.
 *
 * When the delay would pass the call's deadline, or the repeats are used up, the last attempt's error is thrown as it is.
 *
 * @throws {InvalidInputError} When an option is out of range.
 * @throws {CallAbortedError} When the caller aborts, or the client closes, during a delay.
 * @example
 * const send = compose(pools.send, deadline({ clock }), retry({ retries: 5, clock, random, events }), failover({ choice, clock }));
 */
export function retry(options: RetryLayerOptions): Layer {
  const repeat = repeats(options);
  return (next) => (call) => repeat(call, next);
}

/** What deciding on a repeat needs to know of a call, whichever way it goes. */
export type Repeatable = Pick<HttpCall, "what" | "isRead" | "retries" | "signal" | "deadlineNs">;

/** Makes `call` by `next`, and again where that is safe. @throws As `retry`. */
export type Repeat = <C extends Repeatable, T>(call: C, next: (call: C) => Promise<T>) => Promise<T>;

/** The rules of `retry` for what is no `HttpCall`. @throws {InvalidInputError} When an option is out of range. */
export function repeats(options: RetryLayerOptions): Repeat {
  const { clock, random, events } = options;
  const retries = integerInRange("retries", options.retries ?? 3, 0, 100);
  const baseMs = inRange("baseMs", options.baseMs ?? 100, 1, 3_600_000);
  const capMs = inRange("capMs", options.capMs ?? Math.max(baseMs, 10_000), baseMs, 3_600_000);
  const factor = inRange("factor", options.factor ?? 2, 1, 10);

  return async (call, next) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await next(call);
      } catch (error) {
        if (attempt === (call.retries ?? retries) || !mayRepeat(call, error)) throw error;
        const isPaced = error instanceof RateLimitError || error instanceof BudgetExhaustedError;
        const askedMs = isPaced ? error.retryAfterMs : 0;
        const delayMs = Math.max(askedMs, backoffMs(attempt, { baseMs, capMs, factor, random }));
        if (clock.monotonicNs() + delayMs * 1e6 >= call.deadlineNs) throw error;
        events?.emit("retried", { call: call.what, attempt: attempt + 1, delayMs, error });
        const sleep = (signal: AbortSignal) => clock.sleep(delayMs, signal);
        await waitWithin(call, "its next attempt", options, sleep, Number.POSITIVE_INFINITY);
      }
    }
  };
}

function mayRepeat(call: Repeatable, error: unknown): error is RequestError {
  return error instanceof RequestError && error.retryable && (call.isRead || error.outcome === "unsent");
}
