import type { Clock } from "@pitlane/perf";
import { ControlHookError, ControlHookTimeoutError } from "./errors.ts";

/** When control hooks run: as a plugin is made, when the session can trade, after orders were compared with the venue's, at the end. */
export type ControlPhase = "setup" | "ready" | "reconcile" | "close";

/** One plugin's part in a phase. */
export interface ControlHook {
  readonly plugin: string;
  /** @param signal Aborts when the time is up; what waits should end then. */
  readonly run: (signal: AbortSignal) => void | Promise<void>;
  /** Instead of the phase's. */
  readonly timeoutMs?: number | undefined;
}

export interface ControlOptions {
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  /** For each hook. */
  readonly timeoutMs: number;
  /** Told as each hook ends, well or not. */
  readonly onTimed?: (timing: ControlTiming) => void;
}

/** How long a plugin took. */
export interface ControlTiming {
  readonly plugin: string;
  readonly phase: ControlPhase;
  readonly elapsedNs: number;
  /** Undefined when it went well. */
  readonly error: ControlHookError | ControlHookTimeoutError | undefined;
}

/**
 * Runs one phase's hooks, one after the other.
 *
 * `close` runs in reverse order and to the end, whatever fails on the way: its errors are in the timings. Any other phase stops at the
 * first error and throws it.
 *
 * @throws {ControlHookError | ControlHookTimeoutError} Naming the plugin. Not in phase `close`.
 * @example
 * await runControlHooks("ready", hooks, { clock, timeoutMs: 10_000 });
 */
export async function runControlHooks(
  phase: ControlPhase,
  hooks: readonly ControlHook[],
  options: ControlOptions,
): Promise<readonly ControlTiming[]> {
  const timings: ControlTiming[] = [];
  for (const hook of phase === "close" ? [...hooks].reverse() : hooks) {
    const startedNs = options.clock.monotonicNs();
    const error = await runOne(phase, hook, options);
    const timing = { plugin: hook.plugin, phase, elapsedNs: options.clock.monotonicNs() - startedNs, error };
    timings.push(timing);
    options.onTimed?.(timing);
    if (error !== undefined && phase !== "close") throw error;
  }
  return timings;
}

const TIME_IS_UP = Symbol("time is up");

async function runOne(
  phase: ControlPhase,
  hook: ControlHook,
  { clock, timeoutMs: usualMs }: ControlOptions,
): Promise<ControlTiming["error"]> {
  const { plugin, timeoutMs = usualMs } = hook;
  const timer = new AbortController();
  const work = new AbortController();
  try {
    const working = Promise.resolve(hook.run(work.signal));
    // What fails after its time is up fails unheard, rather than as a rejection that nobody handles.
    working.catch(() => {});
    const timeIsUp = clock.sleep(timeoutMs, timer.signal).then(
      () => TIME_IS_UP,
      () => undefined,
    );
    const first = await Promise.race([working, timeIsUp]);
    if (first !== TIME_IS_UP) return undefined;
    const error = new ControlHookTimeoutError(plugin, phase, timeoutMs);
    work.abort(error);
    return error;
  } catch (error) {
    return new ControlHookError(plugin, phase, error);
  } finally {
    timer.abort();
  }
}
