import { createRandom, type Random } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import { isTriggered, isTriggeredAbove, isUnpriced } from "../orders/kinds.ts";
import type { Intent, Order } from "../orders/order.ts";
import type { TestHost } from "./test-host.ts";

export interface MarketScriptOptions {
  readonly instruments: readonly Instrument[];
  readonly seed: number;
  readonly steps: number;
  /** Middle of the market at the start, in ticks. Default 100,000. */
  readonly startTicks?: number;
}

/**
 * Plays a market to a test host, fixed by its seed: a walk with bursts, and now and then a hole in the stream. What crosses it fills, what rests
 * fills when it is met, in parts too; stops wait until the touch is at their trigger; a few orders are rejected.
 *
 * @example
 * playMarket(host, { instruments, seed: 7, steps: 1000 });
 */
export function playMarket(
  host: TestHost,
  { instruments, seed, steps, startTicks = 100_000 }: MarketScriptOptions,
): void {
  const random = createRandom(seed);
  const mids = instruments.map(() => startTicks);
  for (let step = 0; step < steps; step++) {
    host.advance({ ms: Math.ceil(random.exponential(40)) });
    const at = random.integer(0, instruments.length - 1);
    const instrument = instruments[at]!;
    const isBurst = random.next() < 0.05;
    const midTicks = Math.max(100, Math.round(mids[at]! * (1 + random.normal() * (isBurst ? 0.004 : 0.0004))));
    mids[at] = midTicks;
    const half = random.integer(1, 5);
    const bidTicks = midTicks - half;
    const askTicks = midTicks + half;
    if (random.next() < 0.01) {
      host.gap({ instrument });
      if (random.next() < 0.5) host.trade({ instrument, priceTicks: midTicks });
      host.resync({ instrument });
    }
    const levels = (from: number, by: number) =>
      [0, 1, 2].map((i) => [from + i * by, random.integer(1, 5_000)] as const);
    host.book({ instrument, bids: levels(bidTicks, -1), asks: levels(askTicks, 1) });
    host.quote({ instrument, bidTicks, askTicks });
    if (random.next() < 0.4) {
      const aggressor = random.next() < 0.5 ? "buy" : "sell";
      const priceTicks = aggressor === "buy" ? askTicks : bidTicks;
      host.trade({ instrument, priceTicks, sizeLots: random.integer(1, 2_000), aggressor });
    }
    for (const order of host.orders)
      if (order.isOpen && order.intent.instrument === instrument) meet(host, order, bidTicks, askTicks, random);
  }
}

/** Whether what waits for a price is activated; what only trails is now and then. */
function isAtTrigger({ side, type, triggerTicks }: Intent, touchTicks: number, random: Random): boolean {
  if (triggerTicks === undefined) return random.next() < 0.05;
  return isTriggeredAbove(type, side) ? touchTicks >= triggerTicks : touchTicks <= triggerTicks;
}

/** What becomes of an order in this market. */
function meet(host: TestHost, order: Order, bidTicks: number, askTicks: number, random: Random): void {
  const { side, type, priceTicks, timeInForce, sizeLots } = order.intent;
  if (order.filledLots === 0 && random.next() < 0.02) return host.reject(order);
  const touchTicks = side === "buy" ? askTicks : bidTicks;
  if (isTriggered(type) && !isAtTrigger(order.intent, touchTicks, random)) return;
  const crosses = isUnpriced(type) || (side === "buy" ? priceTicks! >= touchTicks : priceTicks! <= touchTicks);
  if (crosses) {
    const left = sizeLots - order.filledLots;
    const part = random.next() < 0.3 ? Math.ceil(left / 2) : left;
    return host.fill(order, type === "postOnly" ? priceTicks! : touchTicks, part);
  }
  if (timeInForce === "IOC" || timeInForce === "FOK") host.expire(order);
}
