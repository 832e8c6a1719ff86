import { defineStrategy, lotsWorth } from "pitlane";
import { z } from "zod";
import type {} from "./vwap.ts";

/** How far the middle of the market is from what was paid lately, in basis points: above 0 it is dear. */
export function awayBps(midTicks: number, vwapTicks: number): number {
  return ((midTicks - vwapTicks) / vwapTicks) * 10_000;
}

/** Buys what is cheap against the average price of the last trades, and sells it when it is no longer. One position an instrument. */
export default defineStrategy({
  name: "fade",
  version: "1.0.0",
  pitlane: ">=0.1.0",
  requires: { vwap: "^1.0.0" },
  permissions: { orderKinds: ["limit"], maxNotional: "500" },
  onFault: "flatten",
  config: z.object({
    /** How far below the average to buy, in basis points. */
    entryBps: z.number().positive().max(1000).default(8),
    /** Longest time to hold, in milliseconds. */
    holdMs: z.number().min(1000).max(3_600_000).default(30_000),
  }),
  state: z.object({ sinceUs: z.record(z.string(), z.number()) }),
  setup(ctx) {
    const vwap = ctx.use("vwap");
    const { entryBps, holdMs } = ctx.config;
    let sinceUs: Record<string, number> = {}; // when a position was opened, by instrument
    const entries = ctx.metrics.counter("entries_total", { help: "Positions opened." });

    ctx.on("quote", ({ instrument, bidTicks, askTicks }) => {
      const averageTicks = vwap.ticks(instrument);
      if (averageTicks === undefined || ctx.openOrders(instrument).length > 0) return;
      const away = awayBps((bidTicks + askTicks) / 2, averageTicks);
      const held = ctx.positionLots(instrument);
      const take = { instrument, type: "limit", timeInForce: "IOC" } as const;
      if (held <= 0) {
        if (away > -entryBps) return;
        const sizeLots = lotsWorth(instrument, askTicks, 4n * instrument.minNotional);
        ctx.submit({ ...take, side: "buy", priceTicks: askTicks, sizeLots });
        return;
      }
      const openedUs = sinceUs[instrument.id] ?? 0;
      const isOver = away >= 0 || ctx.nowUs() - openedUs > holdMs * 1000;
      // A rest below the venue's smallest order cannot be sold; it is kept.
      if (isOver && held >= lotsWorth(instrument, bidTicks, instrument.minNotional))
        ctx.submit({ ...take, side: "sell", priceTicks: bidTicks, sizeLots: held });
    });

    ctx.on("fill", ({ instrument, fill }) => {
      if (fill.side === "sell" || sinceUs[instrument.id] !== undefined) return;
      sinceUs[instrument.id] = ctx.nowUs();
      entries.inc();
    });
    ctx.on("order", ({ instrument }) => {
      if (ctx.positionLots(instrument) === 0) delete sinceUs[instrument.id];
    });

    return {
      snapshot: () => ({ sinceUs }),
      hydrate(old) {
        sinceUs = { ...old.sinceUs };
      },
    };
  },
});
