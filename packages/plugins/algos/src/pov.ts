import { definePlugin } from "pitlane";
import { numberIn, wholeIn } from "./checks.ts";
import { type Algo, Desk } from "./desk.ts";
import { deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import { checkStyle, isCrossed, type RestingState, STYLE_FIELDS, type StyleOptions, workUpTo } from "./resting.ts";
import { type Fields, MAIN, PARENT_FIELDS, type ParentOptions, type Run } from "./run.ts";
import { isSettled } from "./taking.ts";

export interface PovOptions extends ParentOptions, StyleOptions {
  /** Share of the market's volume, our own part included, in basis points; whole, 1 to 5000. */
  readonly rateBps: number;
  /** Largest child, in lots: what is behind is caught up in steps of it. The parent's size when left out. */
  readonly mostLots?: number;
  /** Time after which it ends with what it has, in milliseconds; 100 to 604,800,000. Without it, it ends when it is filled. */
  readonly durationMs?: number;
  /** Where it rests: how long a share of what was traded waits before what is not filled of it is taken, in milliseconds: that, to twice that. 100 to 3,600,000, default 5,000. */
  readonly restMs?: number;
}

declare module "pitlane" {
  interface Capabilities {
    readonly pov: Algo<PovOptions>;
  }
}

interface PovState extends RestingState {
  readonly startedAtUs: number;
  /** Traded since the start, in lots. */
  volumeLots: number;
  // Where it rests.
  /** What has waited long enough, in lots of the parent. */
  dueLots?: number;
  /** What will have by `nextDueAtUs`. */
  nextDueLots?: number;
  nextDueAtUs?: number;
}

const FIELDS: Fields<PovOptions> = {
  ...PARENT_FIELDS,
  rateBps: true,
  mostLots: true,
  durationMs: true,
  ...STYLE_FIELDS,
  restMs: true,
};

/** Lots of ours that go with a market volume. Exact. @param rateBps Whole basis points. */
export function shareOf(volumeLots: number, rateBps: number): number {
  return Number((BigInt(volumeLots) * BigInt(rateBps)) / 10_000n);
}

/** What of the share has waited long enough: moved on every `restMs` while there is anything to wait for. */
function dueOf(run: Run<PovOptions, PovState>, targetLots: number): number {
  const { own, options, nowUs } = run;
  if (options.style !== "resting") return targetLots;
  if (nowUs >= (own.nextDueAtUs ?? 0)) {
    own.dueLots = own.nextDueLots ?? 0;
    own.nextDueLots = targetLots;
    own.nextDueAtUs = nowUs + Math.round((options.restMs ?? 5000) * 1000);
  }
  if (targetLots > run.filledLots) run.wakeAt(own.nextDueAtUs ?? 0);
  return own.dueLots ?? 0;
}

/**
 * Percentage of volume: follows the market, and takes its share of what is traded. Behind after a burst, or after a hole whose trades were
 * fetched later, it catches up by children of at most `mostLots`, one each `retryMs`; it is never ahead. Where it rests, its share waits at the
 * touch for `restMs` before it is taken.
 *
 * Our own trades are part of the volume that is heard, so a share of 10 % is 10 % of all, and not of what others trade.
 *
 * @example
 * ctx.use("pov").start({ instrument, side: "buy", sizeLots: 5000, rateBps: 1000, mostLots: 200 });
 */
export const pov = definePlugin({
  name: "pov",
  version: "0.1.0",
  provides: ["pov"],
  config: deskConfig,
  state: deskState,
  setup(ctx) {
    const desk = new Desk<PovOptions, PovState>(ctx, {
      fields: FIELDS,
      letters: [MAIN],
      isExpected: isCrossed,
      begin: (options) => {
        checkStyle(options);
        wholeIn("rateBps", options.rateBps, 1, 5000);
        if (options.mostLots !== undefined) wholeIn("mostLots", options.mostLots, 1, Number.MAX_SAFE_INTEGER);
        if (options.durationMs !== undefined) wholeIn("durationMs", options.durationMs, 100, 604_800_000);
        if (options.restMs !== undefined) numberIn("restMs", options.restMs, 100, 3_600_000);
        return { startedAtUs: ctx.nowUs(), volumeLots: 0 };
      },
      onVolume: ({ own }, sizeLots, venueAtUs) => {
        if (venueAtUs >= own.startedAtUs) own.volumeLots += sizeLots;
      },
      step: (run) => {
        const { own, options, main, nowUs } = run;
        const { sizeLots, rateBps, mostLots = sizeLots, durationMs } = options;
        const targetLots = Math.min(sizeLots, shareOf(own.volumeLots, rateBps));
        workUpTo(ctx, run, { dueLots: dueOf(run, targetLots), targetLots, mostLots });
        if (isSettled(run, main)) return run.end("done");
        if (durationMs === undefined) return;
        const endUs = own.startedAtUs + durationMs * 1000;
        if (nowUs >= endUs) return run.end("expired", "its time is over");
        run.wakeAt(endUs);
      },
    });
    ctx.provide("pov", desk);
    return desk;
  },
});
