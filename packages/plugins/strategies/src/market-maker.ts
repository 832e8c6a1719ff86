import { defineStrategy, lotsWorth, type OrderView, type QuoteEvent } from "pitlane";
import * as v from "valibot";

const config = v.object({
  /** Distance of each quote from the middle of the market, in basis points; 0 to 1000. */
  halfSpreadBps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1000)), 4),
  /** Value of each quote as a multiple of the smallest order the venue takes; whole, 1 to 1000. */
  sizeMultiple: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 5),
  /** Position, in quotes, at which the strategy only sells (or, when short, only buys); 1 to 100. */
  maxQuotes: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100)), 5),
  /** How far a full position moves both quotes, in half spreads; 0 (not at all) to 10. */
  skew: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(10)), 1),
  /** A quote is moved once it is this share of the half spread away from where it should be; 0.05 to 5. */
  requoteShare: v.optional(v.pipe(v.number(), v.minValue(0.05), v.maxValue(5)), 0.5),
  /** Shortest time between two actions on one side of one instrument, in milliseconds; 0 to 60,000. */
  pauseMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000)), 100),
});

/** Where to quote, in ticks; undefined for a side not to be quoted. */
export interface Target {
  readonly bidTicks: number | undefined;
  readonly askTicks: number | undefined;
}

/**
 * Quotes around the middle of the market, both moved against the position so that it tends back to zero. Never crosses the market.
 *
 * The middle less `inventory * skew * halfTicks` is the reservation price of M. Avellaneda and S. Stoikov, "High-frequency trading in a
 * limit order book", Quantitative Finance 8 (2008): `s - q gamma sigma^2 (T - t)`, with the horizon held fixed and risk aversion and
 * variance folded into the skew. Their spread follows the variance; here it is given.
 *
 * @param inventory Position over the largest one wanted: -1 (short) to 1 (long); beyond, that side is not quoted.
 * @param halfTicks Distance of a quote from the middle, in ticks.
 * @param skew How far a full position moves both quotes, in `halfTicks`.
 */
export function quotesAround(
  quote: Pick<QuoteEvent, "bidTicks" | "askTicks">,
  inventory: number,
  halfTicks: number,
  tickIncrement: number,
  skew = 1,
): Target {
  const skewed = (quote.bidTicks + quote.askTicks) / 2 - inventory * skew * halfTicks;
  const down = (ticks: number) => Math.floor(ticks / tickIncrement) * tickIncrement;
  const up = (ticks: number) => Math.ceil(ticks / tickIncrement) * tickIncrement;
  const bidTicks = Math.min(down(skewed - halfTicks), quote.askTicks - tickIncrement);
  const askTicks = Math.max(up(skewed + halfTicks), quote.bidTicks + tickIncrement, bidTicks + tickIncrement);
  return {
    bidTicks: inventory < 1 && bidTicks > 0 ? bidTicks : undefined,
    askTicks: inventory > -1 ? askTicks : undefined,
  };
}

/**
 * A market maker: one post-only bid and ask around the middle of every instrument, skewed against its position, moved when
 * the market moves, withdrawn when the stream has a hole.
 */
export const marketMaker = defineStrategy({
  name: "market-maker",
  version: "0.1.0",
  config,
  onGap: "cancel",
  setup(ctx) {
    const { halfSpreadBps, sizeMultiple, maxQuotes, skew, requoteShare, pauseMs } = ctx.config;
    for (const instrument of ctx.instruments) {
      const quoted: Record<"buy" | "sell", OrderView | undefined> = { buy: undefined, sell: undefined };
      const nextAtUs = { buy: 0, sell: 0 };

      type Price = number | undefined; // in ticks; undefined for no quote
      const place = (side: "buy" | "sell", priceTicks: Price, sizeLots: number, toleranceTicks: number): boolean => {
        const order = quoted[side];
        if (order?.isOpen) {
          const isNear =
            priceTicks !== undefined && Math.abs((order.intent.priceTicks ?? 0) - priceTicks) <= toleranceTicks;
          if (isNear) return false;
          ctx.cancel(order); // its place is taken once it is gone: never two quotes on a side
        } else if (priceTicks !== undefined) {
          quoted[side] = ctx.submit({ instrument, side, type: "postOnly", priceTicks, sizeLots });
        }
        return true;
      };

      ctx.on("quote", { instrument }, (quote) => {
        const midTicks = (quote.bidTicks + quote.askTicks) / 2;
        const halfTicks = (midTicks * halfSpreadBps) / 10_000;
        const sizeLots = lotsWorth(instrument, midTicks, instrument.minNotional * BigInt(sizeMultiple));
        const inventory = ctx.positionLots(instrument) / (sizeLots * maxQuotes);
        const { bidTicks, askTicks } = quotesAround(quote, inventory, halfTicks, instrument.tickIncrement, skew);
        const wanted = { buy: bidTicks, sell: askTicks };
        for (const side of ["buy", "sell"] as const) {
          if (quote.receivedAtUs < nextAtUs[side]) continue;
          const hasActed = place(side, wanted[side], sizeLots, halfTicks * requoteShare);
          if (hasActed) nextAtUs[side] = quote.receivedAtUs + pauseMs * 1000;
        }
      });

      ctx.on("order", { instrument }, ({ order }) => {
        // Asking again at once would only be denied again: by a limit, or while the book has a gap.
        if (order.state === "denied") nextAtUs[order.intent.side] = ctx.nowUs() + 1_000_000;
      });
    }
  },
});

export default marketMaker;
