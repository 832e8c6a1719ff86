import type { PluginContext } from "pitlane";
import { numberIn, wholeIn } from "./checks.ts";
import type { Rules } from "./desk.ts";
import type { DeskConfig } from "./desk-config.ts";
import { checkStyle, isCrossed, type RestingState, STYLE_FIELDS, type StyleOptions, workUpTo } from "./resting.ts";
import { type Fields, MAIN, PARENT_FIELDS, type ParentOptions } from "./run.ts";
import { cumulativeLots, sliceStartUs } from "./schedule.ts";
import { isSettled } from "./taking.ts";

/** A parent that is worked over a time, slice by slice. */
export interface ScheduledOptions extends ParentOptions, StyleOptions {
  /** Time over which it is spread, in milliseconds; 100 to 604,800,000 (a week). */
  readonly durationMs: number;
  /** Part of a slice's time by which its begin is moved back at random, 0 to 0.9; default 0. The first one begins at once. */
  readonly jitter?: number;
  /** Time after the last slice's end in which a rest is still tried, in milliseconds; 0 to 604,800,000, default 5,000. */
  readonly overtimeMs?: number;
}

export const SCHEDULED_FIELDS: Fields<ScheduledOptions> = {
  ...PARENT_FIELDS,
  durationMs: true,
  ...STYLE_FIELDS,
  jitter: true,
  overtimeMs: true,
};

/** What a scheduled run remembers. */
export interface ScheduledState extends RestingState {
  readonly startedAtUs: number;
  /** What is to be committed after each slice, in lots. */
  readonly endsLots: readonly number[];
  /** Slices that have begun. */
  begun: number;
  /** When the next one begins, microseconds since the epoch. */
  nextAtUs: number;
}

/**
 * Rules of TWAP and VWAP: at each slice's begin the parent is brought up to the schedule by orders that take. What a slice could not get goes
 * with the next one. Where it rests, a slice has all its time to be filled; what is missing at its end is taken.
 *
 * @param weightsOf Weights of the slices of a new parent, as `cumulativeLots` takes them.
 */
export function scheduledRules<Options extends ScheduledOptions>(
  ctx: PluginContext<DeskConfig>,
  fields: Fields<Options>,
  weightsOf: (options: Options) => readonly number[],
): Rules<Options, ScheduledState> {
  return {
    fields,
    letters: [MAIN],
    isExpected: isCrossed,
    begin: (options) => {
      checkStyle(options);
      const { durationMs, jitter = 0, overtimeMs = 5000 } = options;
      wholeIn("durationMs", durationMs, 100, 604_800_000);
      numberIn("jitter", jitter, 0, 0.9);
      wholeIn("overtimeMs", overtimeMs, 0, 604_800_000);
      const endsLots = cumulativeLots(options.sizeLots, weightsOf(options), options.instrument.lotIncrement);
      const startedAtUs = ctx.nowUs();
      return { startedAtUs, endsLots, begun: 0, nextAtUs: startedAtUs };
    },
    step: (run) => {
      const { own, options, nowUs, main } = run;
      const { durationMs, jitter = 0, overtimeMs = 5000 } = options;
      const count = own.endsLots.length;
      const durationUs = durationMs * 1000;
      while (own.begun < count && nowUs >= own.nextAtUs) {
        own.begun++;
        if (own.begun === count) break;
        const delayUs = jitter === 0 ? 0 : Math.floor((ctx.random.next() * jitter * durationUs) / count);
        own.nextAtUs = own.startedAtUs + sliceStartUs(own.begun, durationUs, count) + delayUs;
      }
      const untilUs = own.startedAtUs + durationUs;
      const targetLots = own.endsLots[own.begun - 1] ?? 0;
      workUpTo(ctx, run, { dueLots: nowUs >= untilUs ? targetLots : (own.endsLots[own.begun - 2] ?? 0), targetLots });
      if (own.begun < count) return run.wakeAt(own.nextAtUs);
      if (isSettled(run, main)) return run.end("done");
      if (options.style === "resting" && nowUs < untilUs) run.wakeAt(untilUs);
      const endUs = untilUs + overtimeMs * 1000;
      if (nowUs >= endUs) return run.end("expired", "its time is over");
      run.wakeAt(endUs);
    },
  };
}
