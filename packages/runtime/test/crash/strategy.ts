import { defineStrategy, lotsWorth } from "pitlane";

const PERIOD_MS = 5;

/**
 * Trades 200 times a second for the crash test: market orders that move the position to and fro, and resting ones that are
 * cancelled soon after.
 */
export default defineStrategy({
  name: "crash",
  budgets: { ordersPerMinute: 100_000 },
  setup(ctx) {
    const instrument = ctx.instruments[0]!;
    let turn = 0;
    ctx.every(PERIOD_MS, () => {
      const quote = ctx.quote(instrument);
      if (quote === undefined) return;
      const sizeLots = lotsWorth(instrument, quote.askTicks, 2n * instrument.minNotional);
      const resting = ctx.openOrders(instrument).find(({ state }) => state === "accepted");
      if (resting !== undefined && turn % 2 === 1) ctx.cancel(resting);
      const held = ctx.positionLots(instrument);
      if (turn++ % 2 === 0) {
        const priceTicks = quote.bidTicks - 50 * instrument.tickIncrement;
        ctx.submit({ instrument, side: "buy", type: "limit", priceTicks, sizeLots });
      } else ctx.submit({ instrument, side: held > 0 ? "sell" : "buy", type: "market", sizeLots });
    });
  },
});
