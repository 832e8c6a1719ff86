import type { Clock } from "../clock.ts";
import { type Guard, type Trip, trippedGuard } from "./guard.ts";
import type { Knob } from "./knob.ts";
import type { Objective } from "./objective.ts";

/** A window's figure, or the guard that ended it, or the error that did. */
export type WindowResult = { readonly figure: number } | { readonly trip: Trip } | { readonly error: unknown };

export interface WindowOptions {
  readonly objective: Objective;
  readonly guards: readonly Guard[];
  readonly clock: Pick<Clock, "sleep">;
  readonly settleMs: number;
  readonly guardPollMs: number;
}

/**
 * Puts a value in force, lets the program settle and measures one window, under guard from the switch on.
 *
 * @throws The signal's reason when it aborts. What the objective or the knob throws is in the result.
 */
export async function measureWindow(
  knob: Knob,
  value: number,
  { objective, guards, clock, settleMs, guardPollMs }: WindowOptions,
  signal: AbortSignal,
): Promise<WindowResult> {
  signal.throwIfAborted();
  const window = new AbortController();
  const end = () => window.abort(signal.reason);
  signal.addEventListener("abort", end, { once: true });
  let trip: Trip | undefined;
  const check = () => {
    trip ??= trippedGuard(guards);
    if (trip !== undefined) window.abort(new Error(`guard "${trip.guard}" tripped`));
  };
  const watch = async () => {
    while (!window.signal.aborted) {
      await clock.sleep(guardPollMs, window.signal).then(check, () => {}); // rejects only when the window is over
    }
  };
  const watching = guards.length === 0 ? undefined : watch();
  try {
    await knob.set(value);
    if (settleMs > 0) await clock.sleep(settleMs, window.signal);
    const figure = await objective.measure(window.signal);
    check();
    if (trip !== undefined) return { trip };
    if (Number.isFinite(figure)) return { figure };
    return { error: new TypeError(`objective "${objective.name}" gave ${figure}, which is no finite number`) };
  } catch (error) {
    signal.throwIfAborted();
    return trip === undefined ? { error } : { trip };
  } finally {
    signal.removeEventListener("abort", end);
    window.abort();
    await watching;
  }
}

/** A result without a figure, in words for the audit trail. */
export function reasonOf(result: Exclude<WindowResult, { readonly figure: number }>): string {
  if ("error" in result) return String(result.error);
  const { guard, value, max, error } = result.trip;
  return error === undefined ? `guard "${guard}" read ${value}, above ${max}` : `guard "${guard}" failed: ${error}`;
}
