import { definePlugin, InvalidInputError } from "pitlane";
import { wholeIn } from "./checks.ts";
import { type Algo, Desk } from "./desk.ts";
import { deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import { MAIN, PARENT_FIELDS, type ParentOptions } from "./run.ts";
import { closeByMarket, isSettled } from "./taking.ts";

export interface TrailingStopOptions extends ParentOptions {
  /** Distance behind the best price seen, in ticks; this or `trailBps`. */
  readonly trailTicks?: number;
  /** Distance in basis points of the best price seen; whole, 1 to 5000. */
  readonly trailBps?: number;
}

declare module "pitlane" {
  interface Capabilities {
    readonly "trailing-stop": Algo<TrailingStopOptions>;
  }
}

interface TrailingState {
  /** Best price since the start, in ticks: the highest bid for a sale, the lowest ask for a purchase. 0 before the first price. */
  bestTicks: number;
  isTriggered: boolean;
}

/**
 * The price at which a trailing stop triggers, in whole ticks; a distance in basis points is rounded up, and is a tick at least.
 *
 * @param side Of the order that closes: `sell` protects what is held.
 */
export function stopTicksOf(
  side: "buy" | "sell",
  bestTicks: number,
  { trailTicks, trailBps = 0 }: Pick<TrailingStopOptions, "trailTicks" | "trailBps">,
): number {
  const distance = trailTicks ?? Math.max(1, Math.ceil((bestTicks * trailBps) / 10_000));
  return side === "sell" ? bestTicks - distance : bestTicks + distance;
}

/**
 * A stop that follows the price and never goes back; at the trigger the size is closed by market orders.
 *
 * It lives in this process: nothing protects the position while the process is down. Between the price that triggers and the order's arrival
 * lies a round trip, and the price may be past the stop by then; so it may after a hole in the stream, which triggers at the first price
 * after it.
 *
 * @example
 * ctx.use("trailing-stop").start({ instrument, side: "sell", sizeLots: heldLots, trailBps: 50 });
 */
export const trailingStop = definePlugin({
  name: "trailing-stop",
  version: "0.1.0",
  provides: ["trailing-stop"],
  config: deskConfig,
  state: deskState,
  setup(ctx) {
    const desk = new Desk<TrailingStopOptions, TrailingState>(ctx, {
      fields: { ...PARENT_FIELDS, trailTicks: true, trailBps: true },
      letters: [MAIN],
      isPersistent: () => true,
      begin: ({ trailTicks, trailBps }) => {
        if ((trailTicks === undefined) === (trailBps === undefined))
          throw new InvalidInputError("a trailing stop needs trailTicks or trailBps, and not both");
        if (trailTicks !== undefined) wholeIn("trailTicks", trailTicks, 1, Number.MAX_SAFE_INTEGER);
        if (trailBps !== undefined) wholeIn("trailBps", trailBps, 1, 5000);
        return { bestTicks: 0, isTriggered: false };
      },
      onTouch: ({ own, options }, { bidTicks, askTicks }) => {
        const { side } = options;
        const nowTicks = side === "sell" ? bidTicks : askTicks;
        if (own.isTriggered || !(nowTicks > 0)) return;
        const best = side === "sell" ? Math.max : Math.min;
        own.bestTicks = own.bestTicks === 0 ? nowTicks : best(own.bestTicks, nowTicks);
        const stopTicks = stopTicksOf(side, own.bestTicks, options);
        own.isTriggered = side === "sell" ? nowTicks <= stopTicks : nowTicks >= stopTicks;
      },
      step: (run) => {
        if (!run.own.isTriggered) return;
        closeByMarket(ctx, run, run.options.side);
        if (isSettled(run, run.main)) run.end("done");
      },
    });
    ctx.provide("trailing-stop", desk);
    return desk;
  },
});
