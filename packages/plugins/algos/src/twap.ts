import { definePlugin } from "pitlane";
import { wholeIn } from "./checks.ts";
import { type Algo, Desk } from "./desk.ts";
import { deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import { SCHEDULED_FIELDS, type ScheduledOptions, scheduledRules } from "./scheduled.ts";

export interface TwapOptions extends ScheduledOptions {
  /** Slices of equal size and time; 1 to 10,000, default 10. */
  readonly slices?: number;
}

declare module "pitlane" {
  interface Capabilities {
    readonly twap: Algo<TwapOptions>;
  }
}

/**
 * Time-weighted average price: a parent in equal slices over a time, each taken at the touch, or left to rest for its time (`style`).
 *
 * Source: R. Almgren, N. Chriss, "Optimal execution of portfolio transactions" (2000): without regard to risk, an even schedule costs least.
 *
 * @example
 * const handle = ctx.use("twap").start({ instrument, side: "buy", sizeLots: 1000, durationMs: 60_000, slices: 12 });
 */
export const twap = definePlugin({
  name: "twap",
  version: "0.1.0",
  provides: ["twap"],
  config: deskConfig,
  state: deskState,
  setup(ctx) {
    const desk = new Desk(
      ctx,
      scheduledRules<TwapOptions>(ctx, { ...SCHEDULED_FIELDS, slices: true }, ({ slices = 10 }) =>
        new Array<number>(wholeIn("slices", slices, 1, 10_000)).fill(1),
      ),
    );
    ctx.provide("twap", desk);
    return desk;
  },
});
