import { defineStrategy, lotsWorth } from "pitlane";
import { z } from "zod";

/** Highest and lowest price of some bars. */
export function rangeOf(bars: readonly (readonly [high: number, low: number])[]): readonly [high: number, low: number] {
  return [Math.max(...bars.map(([high]) => high)), Math.min(...bars.map(([, low]) => low))];
}

/**
 * Buys when a bar closes above all of the last ones, and sells when one closes below them. It keeps out of a market that its order would move,
 * and its orders do not rest where the book has a gap.
 */
export default defineStrategy({
  name: "breakout",
  version: "1.0.0",
  pitlane: ">=0.1.0",
  onGap: "cancel",
  config: z.object({
    /** Bars to look back on. */
    bars: z.number().int().min(2).max(500).default(20),
    /** Trades in a bar. */
    trades: z.number().int().min(1).max(100_000).default(50),
    /** Most that an order may move the market, in basis points. */
    impactBps: z.number().positive().max(10).default(5),
  }),
  state: z.object({ ranges: z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))) }),
  setup(ctx) {
    const { bars, trades, impactBps } = ctx.config;
    const markets = new Map(ctx.instruments.map((instrument) => [instrument, ctx.stats(instrument)]));
    let ranges: Record<string, [number, number][]> = {}; // high and low of the last bars, by instrument

    ctx.on("bar", { every: { ticks: trades } }, ({ instrument, highTicks, lowTicks, closeTicks, hasGap }) => {
      const last = ranges[instrument.id] ?? [];
      if (hasGap) {
        ranges[instrument.id] = []; // what came before is not what came just before
        return;
      }
      ranges[instrument.id] = [...last, [highTicks, lowTicks] as [number, number]].slice(-bars);
      const quote = ctx.quote(instrument);
      if (last.length < bars || quote === undefined || ctx.openOrders(instrument).length > 0) return;
      const [high, low] = rangeOf(last);
      const held = ctx.positionLots(instrument);
      const take = { instrument, type: "limit", timeInForce: "IOC" } as const;
      if (held <= 0 && closeTicks > high) {
        const sizeLots = lotsWorth(instrument, quote.askTicks, 4n * instrument.minNotional);
        if (markets.get(instrument)!.impactBps(sizeLots) <= impactBps)
          ctx.submit({ ...take, side: "buy", priceTicks: quote.askTicks, sizeLots });
      } else if (held >= lotsWorth(instrument, quote.bidTicks, instrument.minNotional) && closeTicks < low)
        ctx.submit({ ...take, side: "sell", priceTicks: quote.bidTicks, sizeLots: held });
    });

    return {
      snapshot: () => ({ ranges }),
      hydrate(old) {
        ranges = { ...old.ranges };
      },
    };
  },
});
