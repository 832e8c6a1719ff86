import { type Instrument, lotsWorth } from "pitlane";

/** The smallest order that the venue takes at a price, in lots. @param priceTicks Above 0. */
export function leastLots(instrument: Instrument, priceTicks: number): number {
  return lotsWorth(instrument, priceTicks, instrument.minNotional);
}

/**
 * The size of a child order: at most `wantedLots`, a multiple of the venue's step, within its bounds; 0 when no order can be that small.
 *
 * A rest of the parent that would be too small for an order of its own goes with this one.
 *
 * @param freeLots What is left of the parent, in lots: never exceeded.
 * @example
 * fitLots(instrument, 30, 34, 10_000); // 34 where an order has at least 5 lots
 */
export function fitLots(instrument: Instrument, wantedLots: number, freeLots: number, priceTicks: number): number {
  const { lotIncrement, maxLots } = instrument;
  const toStep = (lots: number) => Math.floor(lots / lotIncrement) * lotIncrement;
  const least = leastLots(instrument, priceTicks);
  const most = toStep(Math.min(freeLots, maxLots));
  const lots = Math.min(toStep(wantedLots), most);
  if (lots < least) return 0;
  return freeLots - lots < least ? most : lots;
}

/**
 * The price of an order that takes: the other side's best, given way by `slippageBps` and never beyond `limitTicks`.
 *
 * @returns Ticks, a multiple of the venue's step; undefined when the market is beyond the limit, or that side is empty.
 */
export function takePrice(
  instrument: Instrument,
  quote: { readonly bidTicks: number; readonly askTicks: number } | undefined,
  side: "buy" | "sell",
  { slippageBps, limitTicks }: { readonly slippageBps: number; readonly limitTicks?: number | undefined },
): number | undefined {
  if (quote === undefined) return undefined;
  const { tickIncrement } = instrument;
  const touchTicks = side === "buy" ? quote.askTicks : quote.bidTicks;
  if (!(touchTicks > 0)) return undefined;
  const giveWay = (touchTicks * slippageBps) / 10_000;
  const ticks =
    side === "buy"
      ? Math.max(touchTicks, Math.floor((touchTicks + giveWay) / tickIncrement) * tickIncrement)
      : Math.min(touchTicks, Math.ceil((touchTicks - giveWay) / tickIncrement) * tickIncrement);
  const bounded =
    limitTicks === undefined ? ticks : side === "buy" ? Math.min(ticks, limitTicks) : Math.max(ticks, limitTicks);
  const reaches = side === "buy" ? bounded >= touchTicks : bounded <= touchTicks;
  return reaches && bounded > 0 ? bounded : undefined;
}
