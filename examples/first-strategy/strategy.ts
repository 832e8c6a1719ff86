import { defineStrategy, lotsWorth } from "pitlane";

/** Buys a little whenever the price has fallen by ten basis points from its last high, and sells what it has on a new high. */
export default defineStrategy({
  name: "buy-the-dip",
  setup(ctx) {
    const instrument = ctx.instrument("AAA/USDT");
    let highTicks = 0;

    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      const held = Math.min(ctx.positionLots(instrument), ctx.sellableLots(instrument));
      if (ctx.openOrders(instrument).length > 0) return;
      const take = { instrument, type: "limit", timeInForce: "IOC" } as const;
      if (bidTicks > highTicks) {
        highTicks = bidTicks;
        if (held > 0) ctx.submit({ ...take, side: "sell", priceTicks: bidTicks, sizeLots: held });
      } else if (held === 0 && askTicks < highTicks * 0.999) {
        ctx.submit({
          ...take,
          side: "buy",
          priceTicks: askTicks,
          sizeLots: lotsWorth(instrument, askTicks, 10n * instrument.minNotional),
        });
      }
    });

    ctx.on("fill", ({ fill }) => ctx.log(`${fill.side} ${fill.sizeLots} lots at ${fill.priceTicks} ticks`));
  },
});
