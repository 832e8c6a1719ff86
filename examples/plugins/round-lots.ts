import { definePlugin } from "pitlane";
import { z } from "zod";

/** The largest multiple of `roundLots` that is neither above `wantedLots` nor above `mostLots`; what is less than one is left as it was. */
export function roundDown(wantedLots: number, roundLots: number, mostLots: number): number {
  const lots = Math.min(wantedLots, mostLots);
  return lots < roundLots ? lots : lots - (lots % roundLots);
}

/** A shaper: every strategy's orders have round sizes, and none is larger than the desk wants it. */
export default definePlugin({
  name: "round-lots",
  version: "1.0.0",
  permissions: { orderKinds: [] },
  config: z.object({
    roundLots: z.number().int().min(1).default(1000),
    mostLots: z.number().int().min(1).default(1_000_000),
  }),
  setup(ctx) {
    const { roundLots, mostLots } = ctx.config;
    ctx.shape("intent", ({ sizeLots }) => ({ sizeLots: roundDown(sizeLots, roundLots, mostLots) }));
  },
});
