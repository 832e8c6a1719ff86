import { defineStrategy, lotsWorth, type OrderView } from "pitlane";
import * as v from "valibot";

const config = v.object({
  /** How far back the middle of the market is compared, in milliseconds; 10 to 600,000. */
  lookbackMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(600_000)), 1000),
  /** Move over that time that starts a trade, in basis points; 0.1 to 1000. */
  entryBps: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(1000)), 5),
  /** Gain at which the trade is closed, in basis points; 0.1 to 1000. */
  takeBps: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(1000)), 30),
  /** Loss at which the trade is closed, in basis points; 0.1 to 1000. */
  stopBps: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(1000)), 15),
  /** Longest time in a trade, in milliseconds; 10 to 3,600,000. */
  holdMs: v.optional(v.pipe(v.number(), v.minValue(10), v.maxValue(3_600_000)), 5000),
  /** Value of a trade as a multiple of the smallest order the venue takes; whole, 1 to 1000. */
  sizeMultiple: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 4),
});

/** The middle of the market as it was `lookbackUs` ago: remembers only as many points as that needs, one a hundredth of it. */
export class Lookback {
  readonly #lookbackUs: number;
  readonly #points: { readonly atUs: number; readonly midTicks: number }[] = [];

  constructor(lookbackUs: number) {
    this.#lookbackUs = lookbackUs;
  }

  /** Adds a point and returns the move since the oldest one kept, in basis points; 0 until the time is covered. */
  move(atUs: number, midTicks: number): number {
    const last = this.#points.at(-1);
    if (last === undefined || atUs - last.atUs >= this.#lookbackUs / 100) this.#points.push({ atUs, midTicks });
    while (this.#points.length > 1 && this.#points[1]!.atUs <= atUs - this.#lookbackUs) this.#points.shift();
    const oldest = this.#points[0]!;
    return oldest.atUs <= atUs - this.#lookbackUs ? ((midTicks - oldest.midTicks) / oldest.midTicks) * 10_000 : 0;
  }
}

/** Should a trade be closed? `gainBps` is what it has gained so far, against us when negative. */
export function shouldClose(
  gainBps: number,
  heldMs: number,
  limits: { readonly takeBps: number; readonly stopBps: number; readonly holdMs: number },
): boolean {
  return gainBps >= limits.takeBps || gainBps <= -limits.stopBps || heldMs >= limits.holdMs;
}

interface Trade {
  readonly side: "buy" | "sell";
  /** Lots held, ours alone: other strategies may hold the same instrument. */
  lots: number;
  readonly entryTicks: number;
  readonly sinceUs: number;
}

/**
 * A momentum follower: when the middle of the market has moved far enough in a short time, takes the same direction with an
 * immediate-or-cancel order, and closes on gain, on loss or after a while.
 */
export const momentum = defineStrategy({
  name: "momentum",
  version: "0.1.0",
  config,
  setup(ctx) {
    const { lookbackMs, entryBps, sizeMultiple } = ctx.config;
    for (const instrument of ctx.instruments) {
      const lookback = new Lookback(lookbackMs * 1000);
      let trade: Trade | undefined;
      let pending: OrderView | undefined; // one order at a time
      let pausedUntilUs = 0;

      ctx.on("quote", { instrument }, (quote) => {
        const midTicks = (quote.bidTicks + quote.askTicks) / 2;
        const moveBps = lookback.move(quote.receivedAtUs, midTicks);
        if (pending?.isOpen || quote.receivedAtUs < pausedUntilUs) return;
        // A rest worth less than the venue's smallest order cannot be closed: it is kept, and the next trade begins.
        if (trade !== undefined && trade.lots < lotsWorth(instrument, midTicks, instrument.minNotional))
          trade = undefined;

        const take = (side: "buy" | "sell", sizeLots: number) => {
          const priceTicks = side === "buy" ? quote.askTicks : quote.bidTicks;
          pending = ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
        };
        if (trade === undefined) {
          if (Math.abs(moveBps) < entryBps) return;
          take(
            moveBps > 0 ? "buy" : "sell",
            lotsWorth(instrument, midTicks, instrument.minNotional * BigInt(sizeMultiple)),
          );
          return;
        }
        const gainBps = ((midTicks - trade.entryTicks) / trade.entryTicks) * (trade.side === "buy" ? 10_000 : -10_000);
        if (shouldClose(gainBps, (quote.receivedAtUs - trade.sinceUs) / 1000, ctx.config))
          take(trade.side === "buy" ? "sell" : "buy", trade.lots);
      });

      ctx.on("order", { instrument }, ({ order }) => {
        // Asking again at once would only be refused again.
        if (order.state === "denied" || order.state === "rejected") pausedUntilUs = ctx.nowUs() + 1_000_000;
      });

      ctx.on("fill", { instrument }, ({ fill }) => {
        if (trade === undefined)
          trade = { side: fill.side, lots: fill.sizeLots, entryTicks: fill.priceTicks, sinceUs: ctx.nowUs() };
        else trade.lots += fill.side === trade.side ? fill.sizeLots : -fill.sizeLots;
        if (trade.lots > 0) return;
        trade = undefined;
        pausedUntilUs = ctx.nowUs() + lookbackMs * 1000; // the move that was just traded is not news
      });
    }
  },
});

export default momentum;
