import { definePlugin, InvalidInputError } from "pitlane";
import { flagOf, numberIn, priceOf, wholeIn } from "./checks.ts";
import { type Algo, Desk } from "./desk.ts";
import { deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import { MAIN, PARENT_FIELDS, type ParentOptions } from "./run.ts";
import { fitLots, leastLots } from "./sizing.ts";

export interface IcebergOptions extends ParentOptions {
  /** Price of every child, in ticks. */
  readonly priceTicks: number;
  /** Size that is shown, in lots; at least the venue's smallest order at that price. */
  readonly visibleLots: number;
  /** Part of `visibleLots` by which a child may be larger or smaller, at random, so that refills are not told by their size; 0 to 0.9, default 0.2. */
  readonly jitter?: number;
  /** Children are refused by the venue rather than take. Default false. */
  readonly isPostOnly?: boolean;
}

declare module "pitlane" {
  interface Capabilities {
    readonly iceberg: Algo<IcebergOptions>;
  }
}

/**
 * An iceberg order of our own, where a venue has none: a slice of the parent rests at a price, and the next one follows when it is filled.
 *
 * A refill is a new order: it stands behind those that came to the price meanwhile, and it is sent one round trip after the fill.
 *
 * @example
 * ctx.use("iceberg").start({ instrument, side: "buy", sizeLots: 10_000, priceTicks: 6_000_00, visibleLots: 500 });
 */
export const iceberg = definePlugin({
  name: "iceberg",
  version: "0.1.0",
  provides: ["iceberg"],
  config: deskConfig,
  state: deskState,
  setup(ctx) {
    const desk = new Desk<IcebergOptions, object>(ctx, {
      fields: { ...PARENT_FIELDS, priceTicks: true, visibleLots: true, jitter: true, isPostOnly: true },
      letters: [MAIN],
      begin: ({ instrument, priceTicks, visibleLots, jitter = 0.2, isPostOnly = false, sizeLots }) => {
        priceOf("priceTicks", priceTicks, instrument.tickIncrement);
        wholeIn("visibleLots", visibleLots, 1, sizeLots);
        numberIn("jitter", jitter, 0, 0.9);
        flagOf("isPostOnly", isPostOnly);
        const least = leastLots(instrument, priceTicks);
        if (visibleLots < least)
          throw new InvalidInputError(
            `visibleLots is ${visibleLots}, and ${instrument.id} takes no order below ${least} at that price`,
          );
        return {};
      },
      step: (run) => {
        const { main, options } = run;
        if (main.open > 0) return;
        if (main.freeLots === 0) return run.end("done");
        if (run.isPaused) return;
        const { instrument, side, priceTicks, visibleLots, jitter = 0.2, isPostOnly = false } = options;
        const spread = jitter === 0 ? 0 : Math.round(visibleLots * jitter * (2 * ctx.random.next() - 1));
        const wantedLots = Math.max(visibleLots + spread, leastLots(instrument, priceTicks));
        const sizeLots = fitLots(instrument, wantedLots, main.freeLots, priceTicks);
        if (sizeLots === 0) return run.end("done", `${main.freeLots} lots are too few for an order`);
        run.submit({
          side,
          priceTicks,
          sizeLots,
          ...(isPostOnly ? { type: "postOnly" } : { type: "limit", timeInForce: "GTC" }),
        });
      },
    });
    ctx.provide("iceberg", desk);
    return desk;
  },
});
