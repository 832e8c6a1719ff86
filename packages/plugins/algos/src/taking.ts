import type { PluginContext } from "pitlane";
import type { Account } from "./account.ts";
import { numberIn, priceOf } from "./checks.ts";
import type { DeskConfig } from "./desk-config.ts";
import { type Fields, MAIN, type ParentOptions, type Run } from "./run.ts";
import { fitLots, leastLots, takePrice } from "./sizing.ts";

/** How children that take are priced. */
export interface TakingOptions {
  /** Worst price, in ticks: none is paid beyond it. */
  readonly limitTicks?: number;
  /** How far beyond the touch a child may trade, in basis points; 0 to 1000, default 10. */
  readonly slippageBps?: number;
}

export const TAKING_FIELDS: Fields<TakingOptions> = { limitTicks: true, slippageBps: true };

/** @throws {InvalidInputError} When they cannot be. */
export function checkTaking({ instrument, limitTicks, slippageBps = 10 }: ParentOptions & TakingOptions): void {
  numberIn("slippageBps", slippageBps, 0, 1000);
  if (limitTicks !== undefined) priceOf("limitTicks", limitTicks, instrument.tickIncrement);
}

/**
 * Brings a run's committed lots up to `targetLots` by one immediate-or-cancel child, at most one each `retryMs`; does nothing while it is
 * paused, without a price, while the market is beyond the limit, or while what is missing is too small for an order. It is stepped again.
 *
 * @param mostLots Largest child, in lots; the venue's smallest order where that is more. A rest too small for an order may come on top.
 */
export function takeUpTo<Options extends ParentOptions & TakingOptions, Own extends object>(
  ctx: PluginContext<DeskConfig>,
  run: Run<Options, Own>,
  targetLots: number,
  mostLots = Number.MAX_SAFE_INTEGER,
): void {
  const { options, main } = run;
  const missingLots = targetLots - main.committedLots;
  if (missingLots <= 0 || run.isPaused) return;
  const { instrument, side, slippageBps = 10, limitTicks } = options;
  const priceTicks = takePrice(instrument, run.touch, side, { slippageBps, limitTicks });
  const retryAtUs = run.nowUs + ctx.config.retryMs * 1000;
  if (priceTicks === undefined) return run.wakeAt(retryAtUs);
  const most = Math.max(mostLots, leastLots(instrument, priceTicks));
  const sizeLots = fitLots(instrument, Math.min(missingLots, most), main.freeLots, priceTicks);
  if (sizeLots === 0) return;
  run.submit({ side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
  run.pause(ctx.config.retryMs);
}

/** Closes a position by market orders, one at a time, until all of an account is filled or too small a rest is left. */
export function closeByMarket<Options extends ParentOptions, Own extends object>(
  ctx: PluginContext<DeskConfig>,
  run: Run<Options, Own>,
  side: "buy" | "sell",
  letter: string = MAIN,
): void {
  const account = run.account(letter);
  if (account.open > 0 || account.freeLots === 0 || run.isPaused) return;
  const { instrument } = run.options;
  const { touch } = run;
  if (touch === undefined) return run.wakeAt(run.nowUs + ctx.config.retryMs * 1000);
  const sizeLots = fitLots(instrument, account.freeLots, account.freeLots, touch.bidTicks);
  if (sizeLots === 0) return;
  run.submit({ side, type: "market", sizeLots }, letter);
  run.pause(ctx.config.retryMs);
}

/** True when nothing is on its way and what is left of an account, if anything, is too small for an order. */
export function isSettled({ options, touch }: Run<ParentOptions, object>, account: Account): boolean {
  if (account.open > 0) return false;
  if (account.freeLots === 0) return true;
  return touch !== undefined && account.freeLots < leastLots(options.instrument, touch.bidTicks);
}
