import { ArbitrageDetector, type ArbitrageOpportunity, defineEvent, definePlugin, type Instrument } from "pitlane";
import * as v from "valibot";

const bps = v.pipe(v.number(), v.minValue(0), v.maxValue(1000));

const config = v.strictObject({
  /** Taker fee by venue, in basis points; 0 to 1000, two decimals at most. */
  feeBps: v.optional(v.record(v.string(), bps), {}),
  /** Taker fee of a venue that `feeBps` does not name, in basis points. */
  otherFeeBps: v.optional(bps, 10),
  /** Taken off every leg for what the price moves before the order arrives, in basis points. */
  slippageBps: v.optional(bps, 0),
  /** A leg whose quote is older counts as unknown, in milliseconds; 1 to 600,000. */
  maxAgeMs: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(600_000)), 1000),
  /** Profits below it are not told, in basis points of what the first leg costs. */
  minProfitBps: v.optional(bps, 0),
});

/** Prices that do not fit together were found, on the quote that has just come. */
export interface ArbitrageEvent extends ArbitrageOpportunity {
  readonly kind: "arbitrage/opportunity";
  /** Of the quote that made it. */
  readonly instrument: Instrument;
}

declare module "pitlane" {
  interface EventCatalogue {
    readonly "arbitrage/opportunity": ArbitrageEvent;
  }
}

/**
 * Finds arbitrage among the session's instruments, across venues and in triangles, and publishes each find as `arbitrage/opportunity` on the
 * high lane. It trades nothing.
 *
 * @example
 * ctx.on("arbitrage/opportunity", ({ legs, profitUnits }) => { for (const leg of legs) ctx.submit(intentOf(leg)); });
 */
export const arbitrage = definePlugin({
  name: "arbitrage",
  version: "0.1.0",
  permissions: { orderKinds: [] },
  config,
  setup(ctx) {
    const { feeBps, otherFeeBps, slippageBps, maxAgeMs, minProfitBps } = ctx.config;
    ctx.define(defineEvent("arbitrage/opportunity", { lane: "high" }));
    const found = ctx.metrics.counter("found_total", { help: "Opportunities published." });
    const detector = new ArbitrageDetector({
      instruments: ctx.instruments,
      feeBps: ({ venue }) => feeBps[venue] ?? otherFeeBps,
      slippageBps,
      maxAgeMs,
      minProfitBps,
      onOpportunity: (opportunity, instrument) => {
        found.inc();
        ctx.publish({ kind: "arbitrage/opportunity", instrument, ...opportunity });
      },
    });
    ctx.on("quote", { stage: "pre" }, (quote) => detector.onQuote(quote));
    ctx.on("gap", { stage: "pre" }, ({ instrument, channel }) => {
      if (channel === "book") detector.clear(instrument);
    });
  },
});
