import type { Intent } from "./order.ts";

const WHOLE_BPS = 10_000;

/**
 * The price that an order is valued at, in ticks, before anybody knows at which one it will trade. Pure.
 *
 * A limit is valued at its price; a stop at its trigger; one that has both at the higher of the two, as a sale with a low limit is worth
 * what its trigger says. A purchase that trails counts so much more: that far the price may have come back when it trades. A market
 * order, and a stop that only trails, go by the market.
 *
 * @param referenceTicks Where one could trade now; undefined when nobody knows.
 * @returns Undefined when it takes a reference and there is none.
 */
export function countedTicks(intent: Intent, referenceTicks: number | undefined): number | undefined {
  const { priceTicks, triggerTicks } = intent;
  if (priceTicks !== undefined) return triggerTicks === undefined ? priceTicks : Math.max(priceTicks, triggerTicks);
  return trailed(intent, triggerTicks ?? referenceTicks);
}

/**
 * The most that a purchase is taken to pay, in ticks: its limit, or for one without `marginBps` beyond its trigger, or beyond the market where
 * it has none, as it takes what there is. Pure.
 *
 * @param askTicks The best ask; undefined when nobody knows.
 * @returns Undefined when it takes the best ask and there is none.
 */
export function mostPaidTicks(intent: Intent, askTicks: number | undefined, marginBps: number): number | undefined {
  const { priceTicks, triggerTicks } = intent;
  if (priceTicks !== undefined) return priceTicks;
  const ticks = triggerTicks ?? askTicks;
  return trailed(intent, ticks === undefined ? undefined : beyond(ticks, marginBps));
}

function trailed({ side, trailingBps }: Intent, ticks: number | undefined): number | undefined {
  return ticks === undefined || trailingBps === undefined || side === "sell" ? ticks : beyond(ticks, trailingBps);
}

function beyond(ticks: number, bps: number): number {
  return Math.ceil((ticks * (WHOLE_BPS + bps)) / WHOLE_BPS);
}
