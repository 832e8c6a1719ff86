import { type Instrument, InvalidInputError, type OrderView, type PluginContext } from "pitlane";
import { numberIn } from "./checks.ts";
import type { DeskConfig } from "./desk-config.ts";
import type { Fields, ParentOptions, Run } from "./run.ts";
import { fitLots, leastLots, takePrice } from "./sizing.ts";
import { checkTaking, TAKING_FIELDS, type TakingOptions, takeUpTo } from "./taking.ts";

/** Whether children cross the spread or wait on our side of it. */
export interface StyleOptions extends TakingOptions {
  /**
   * `taking`, the default: children take at once what the other side has. `resting`: they wait at the best price of our own side, post-only,
   * follow it when it moves away, and what was not filled in its time is taken.
   */
  readonly style?: "taking" | "resting";
  /** How often resting children are compared with the touch, in milliseconds; at most one is placed in that time. 10 to 60,000, default 250. */
  readonly repegMs?: number;
}

export const STYLE_FIELDS: Fields<StyleOptions> = { ...TAKING_FIELDS, style: true, repegMs: true };

/** What a run that rests remembers. */
export interface RestingState {
  /** No further child rests before this moment, microseconds since the epoch; left out before the first. */
  restAtUs?: number;
}

/** How far a run is to be, in lots of its parent. */
export interface Progress {
  /** What is to be filled by now: what of it is not is taken. Of no meaning to a run that takes. */
  readonly dueLots: number;
  /** What may be committed by now, `dueLots` or more. */
  readonly targetLots: number;
  /** Largest child; the venue's smallest order where that is more. No bound when left out. */
  readonly mostLots?: number;
}

/** Children of a run that rest at once: a share of the volume grows with each trade, and a child for each would flood the venue. */
const MOST_RESTING = 8;

/** @throws {InvalidInputError} When they cannot be. */
export function checkStyle(options: ParentOptions & StyleOptions): void {
  checkTaking(options);
  const { style = "taking", repegMs = 250 } = options;
  if (style !== "taking" && style !== "resting")
    throw new InvalidInputError(`style must be "taking" or "resting", got ${String(style)}`);
  numberIn("repegMs", repegMs, 10, 60_000);
}

/** A post-only child that the venue refused: the touch had moved onto it, and the next one follows at the new touch. */
export function isCrossed({ state, intent }: OrderView): boolean {
  return state === "rejected" && intent.type === "postOnly";
}

/**
 * The price at which an order rests: the best of its own side, no worse than `limitTicks`, on the venue's step.
 *
 * @returns Ticks; undefined when that side is empty.
 */
export function restPrice(
  { tickIncrement }: Instrument,
  quote: { readonly bidTicks: number; readonly askTicks: number } | undefined,
  side: "buy" | "sell",
  limitTicks: number | undefined,
): number | undefined {
  const touchTicks = side === "buy" ? quote?.bidTicks : quote?.askTicks;
  if (touchTicks === undefined || !(touchTicks > 0)) return undefined;
  const ticks =
    side === "buy"
      ? Math.min(Math.floor(touchTicks / tickIncrement) * tickIncrement, limitTicks ?? touchTicks)
      : Math.max(Math.ceil(touchTicks / tickIncrement) * tickIncrement, limitTicks ?? touchTicks);
  return ticks > 0 ? ticks : undefined;
}

/**
 * Brings a run as far as it is to be, in its style.
 *
 *     parent  |------ filled, or taken now ------|------ may rest ------|---- later ----|
 *                                             dueLots                targetLots
 *
 * One that rests takes nothing while it is not behind: children wait up to `targetLots`. Behind, those that wait are taken back, and once the
 * venue has said what became of them, what is missing is taken as in the other style. While that cannot be, beyond the limit or too small
 * for an order, they go on waiting. It is stepped again.
 */
export function workUpTo<Options extends ParentOptions & StyleOptions, Own extends RestingState>(
  ctx: PluginContext<DeskConfig>,
  run: Run<Options, Own>,
  progress: Progress,
): void {
  const { dueLots, targetLots, mostLots } = progress;
  const { options, main } = run;
  if (options.style !== "resting") return takeUpTo(ctx, run, targetLots, mostLots);
  const { instrument, side, slippageBps = 10, limitTicks } = options;
  const resting = restingOf(run);
  const restingLots = resting.reduce((sum, { sizeLots, filledLots }) => sum + sizeLots - filledLots, 0);
  const missingLots = dueLots - (main.committedLots - restingLots);
  if (missingLots <= 0) return rest(run, resting, progress);
  const takeTicks = takePrice(instrument, run.touch, side, { slippageBps, limitTicks });
  if (takeTicks === undefined) {
    run.wakeAt(run.nowUs + ctx.config.retryMs * 1000);
    return rest(run, resting, progress);
  }
  const least = leastLots(instrument, takeTicks);
  const freeLots = main.freeLots + restingLots;
  if (dueLots === run.sizeLots && resting.length > 0 && freeLots < least)
    return run.end("done", `${freeLots} lots are too few for an order`);
  if (fitLots(instrument, missingLots, freeLots, takeTicks) === 0) return rest(run, resting, progress);
  if (resting.length === 0) return takeUpTo(ctx, run, dueLots, mostLots);
  for (const order of resting) run.takeBack(order);
}

/** Takes back children that the touch has left behind, and lets another one wait for what none does. */
function rest<Options extends ParentOptions & StyleOptions, Own extends RestingState>(
  run: Run<Options, Own>,
  resting: readonly OrderView[],
  { targetLots, mostLots = Number.MAX_SAFE_INTEGER }: Progress,
): void {
  const { options, own, main, nowUs } = run;
  const { instrument, side, limitTicks, repegMs = 250 } = options;
  const openLots = targetLots - main.committedLots;
  if (resting.length === 0 && openLots <= 0) return;
  const priceTicks = restPrice(instrument, run.touch, side, limitTicks);
  const againAtUs = nowUs + Math.round(repegMs * 1000);
  if (priceTicks === undefined) return run.wakeAt(againAtUs);
  if (resting.length > 0) run.wakeAt(againAtUs);
  if (nowUs < (own.restAtUs ?? 0)) return run.wakeAt(own.restAtUs!);
  const least = leastLots(instrument, priceTicks);
  for (const order of resting) {
    const leftLots = order.sizeLots - order.filledLots;
    // A rest too small for an order of its own stays where it is: nothing could follow it.
    if (isBehind(order, priceTicks) && leftLots + Math.max(0, openLots) >= least) run.takeBack(order);
  }
  if (openLots <= 0 || resting.length >= MOST_RESTING || run.isPaused) return;
  const sizeLots = fitLots(instrument, Math.min(openLots, Math.max(mostLots, least)), main.freeLots, priceTicks);
  if (sizeLots === 0) return;
  own.restAtUs = againAtUs;
  run.wakeAt(againAtUs);
  run.submit({ side, type: "postOnly", priceTicks, sizeLots });
}

function isBehind({ intent: { side, priceTicks = 0 } }: OrderView, touchTicks: number): boolean {
  return side === "buy" ? priceTicks < touchTicks : priceTicks > touchTicks;
}

/** Children that wait at the venue. A process that takes over knows them by their terms. */
function restingOf({ main }: Run<ParentOptions, RestingState>): readonly OrderView[] {
  const resting: OrderView[] = [];
  main.forEachOpen((order) => {
    const { type, timeInForce = "GTC" } = order.intent;
    if (type === "postOnly" || (type === "limit" && timeInForce === "GTC")) resting.push(order);
  });
  return resting;
}
