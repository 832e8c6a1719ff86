import { allow, definePlugin, deny, type Verdict } from "pitlane";
import { z } from "zod";

/** May one more be bought after so many in the last while? The rule, without a session. */
export function reviewPace(side: "buy" | "sell", buys: number, most: number): Verdict {
  if (side === "sell" || buys < most) return allow();
  return deny("BUYING_TOO_FAST", `${buys} buys in the last while, the limit is ${most}`);
}

/** A risk check: every strategy's buys together keep a pace. What reduces always passes. */
export default definePlugin({
  name: "pace",
  version: "1.0.0",
  permissions: { orderKinds: [] },
  config: z.object({
    maxBuys: z.number().int().min(1).max(10_000).default(20),
    windowMs: z.number().min(100).max(3_600_000).default(10_000),
  }),
  setup(ctx) {
    const { maxBuys, windowMs } = ctx.config;
    const buys: number[] = []; // times, oldest first, microseconds

    ctx.vote("intent", ({ side }) => {
      while (buys.length > 0 && buys[0]! <= ctx.nowUs() - windowMs * 1000) buys.shift();
      const verdict = reviewPace(side, buys.length, maxBuys);
      if (verdict.allowed && side === "buy") buys.push(ctx.nowUs());
      return verdict;
    });

    return {
      snapshot: () => buys,
      hydrate: (old) => void buys.push(...(old as number[])),
    };
  },
});
