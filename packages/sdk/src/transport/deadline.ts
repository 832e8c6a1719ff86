import { type Clock, inRange } from "@pitlane/perf";
import { TimeoutError } from "../errors.ts";
import { CallAbortedError } from "./errors.ts";
import { offAbort, onAbort } from "./on-abort.ts";
import type { HttpCall, Layer } from "./transport.ts";

export interface DeadlineOptions extends Pick<WaitOptions, "closing"> {
  /** Limit for a call over all its attempts and waits, in milliseconds; 1 to 600,000, 10,000 unless told. A call's own goes before it. */
  readonly timeoutMs?: number;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Says when a call must be over. The layers inside keep to it, each while it waits, so a call has one timer at a time. With
 * `closing`, calls that come once the client closes are refused; those under way before that end as their layers say.
 *
 * @throws {InvalidInputError} When `timeoutMs` is out of range.
 * @throws {CallAbortedError} From a call, with outcome `unsent`, when `closing` has aborted.
 * @example
 * const send = compose(pools.send, deadline({ timeoutMs: 30_000, closing, clock }), retry(options));
 */
export function deadline({ timeoutMs = 10_000, closing, clock }: DeadlineOptions): Layer {
  inRange("timeoutMs", timeoutMs, 1, 600_000);
  return (next) => (call) => {
    if (closing?.aborted) {
      const message = `${call.what} was refused: the client is closed`;
      return Promise.reject(new CallAbortedError(message, { outcome: "unsent" }));
    }
    call.deadlineNs = clock.monotonicNs() + (call.timeoutMs ?? timeoutMs) * 1e6;
    return next(call);
  };
}

/** What a layer that waits needs. */
export interface WaitOptions {
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  /** Aborts when the client closes: waiting calls end then, unsent, and later ones are refused. */
  readonly closing?: AbortSignal | undefined;
  /** What may have been done when a wait is ended; `unsent` unless told, as nothing goes out while a call waits. */
  readonly outcome?: "unsent" | "unknown";
}

/**
 * Waits for what `start` begins, but no longer than the call may take.
 *
 * @param what Ends the sentence "GET /x waited for ...".
 * @param start Gets a signal that aborts when nobody waits any more.
 * @param untilNs The call's deadline; who knows that he waits for less passes Infinity, and saves the timer.
 * @throws {TimeoutError} When the call's deadline comes first.
 * @throws {CallAbortedError} When the caller aborts or the client closes.
 * @throws What `start` fails with.
 */
export async function waitWithin<T>(
  call: Pick<HttpCall, "what" | "signal" | "deadlineNs">,
  what: string,
  { clock, closing, outcome = "unsent" }: WaitOptions,
  start: (signal: AbortSignal) => Promise<T> | T,
  untilNs: number = call.deadlineNs,
): Promise<T> {
  const stop = new AbortController();
  const isOver = new Promise<never>((_, reject) => {
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
  });
  isOver.catch(() => {}); // it is heard below, unless `start` throws
  let done: "unsent" | "unknown" = "unsent"; // by now
  const abort = (how: string, cause: unknown) =>
    stop.abort(new CallAbortedError(`${call.what} ${how} while it waited for ${what}`, { outcome: done, cause }));
  const caller = { handleEvent: () => abort("was aborted by the caller", call.signal?.reason) };
  const onClosing = () => abort("was ended by the client's close", closing?.reason);
  if (call.signal?.aborted) caller.handleEvent();
  if (closing?.aborted) onClosing();
  done = outcome;
  onAbort(call.signal, caller);
  closing?.addEventListener("abort", onClosing, { once: true });
  if (untilNs < Number.POSITIVE_INFINITY) {
    const leftMs = Math.max(0, (untilNs - clock.monotonicNs()) / 1e6);
    clock.sleep(leftMs, stop.signal).then(
      () => stop.abort(new TimeoutError(`${call.what} had no time left: it waited for ${what}`, { outcome })),
      () => {}, // ended, below or by an abort
    );
  }
  try {
    return await Promise.race([isOver, start(stop.signal)]);
  } finally {
    offAbort(call.signal, caller);
    closing?.removeEventListener("abort", onClosing);
    stop.abort(); // ends the sleep; whoever listened has his answer
  }
}
