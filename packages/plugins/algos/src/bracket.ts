import { definePlugin, InvalidInputError, type PluginContext } from "pitlane";
import { numberIn, priceOf } from "./checks.ts";
import { type Algo, Desk } from "./desk.ts";
import { type DeskConfig, deskConfig } from "./desk-config.ts";
import { deskState } from "./desk-state.ts";
import type { Touch } from "./market.ts";
import { type Fields, PARENT_FIELDS, type ParentOptions, type Run } from "./run.ts";
import { fitLots, takePrice } from "./sizing.ts";
import { closeByMarket, isSettled } from "./taking.ts";

export interface BracketOptions extends ParentOptions {
  /** Price of the entry, which rests there, in ticks; left out, it takes at once what the touch has, and no more. */
  readonly entryTicks?: number;
  /** How far beyond the touch an entry without a price may trade, in basis points; 0 to 1000, default 10. */
  readonly slippageBps?: number;
  /** Trigger of the stop, in ticks: below the entry for a purchase, above it for a sale. The market must not have passed it. */
  readonly stopTicks: number;
  /** Price of the target, which rests there, in ticks; on the other side of the entry, or of the touch where that has no price. */
  readonly targetTicks: number;
}

declare module "pitlane" {
  interface Capabilities {
    readonly bracket: Algo<BracketOptions>;
  }
}

const FIELDS: Fields<BracketOptions> = {
  ...PARENT_FIELDS,
  entryTicks: true,
  slippageBps: true,
  stopTicks: true,
  targetTicks: true,
};

const ENTRY = "e";
const EXIT = "x";

interface BracketState {
  isEntered: boolean; // the entry was submitted
  isStopped: boolean; // the stop has triggered
  isMerged: boolean; // targets were taken back once, to be one
}

const isTriggered = (side: "buy" | "sell", stopTicks: number, bidTicks: number, askTicks: number): boolean =>
  side === "buy" ? bidTicks <= stopTicks : askTicks >= stopTicks;

/**
 * An entry with a stop and a target, of which one cancels the other (OCO), where a venue has none.
 *
 *     entry fills -> target for the same lots rests at the venue; the stop is watched here
 *     target fills -> what is left of the entry is cancelled
 *     stop triggers -> entry and targets are cancelled; what they did not fill is closed by market orders, once that is known
 *
 * Exits never add up to more than the entry has filled: a target whose end is not known counts as filled, so a stop waits for the venue's
 * word on it. The stop lives in this process: while that is down, or the stream has a hole, nothing watches, and the first price after
 * it decides. Between trigger and market order lie a cancel and its answer: two round trips in which the price may move on.
 * `cancel()` takes the orders back and leaves the position as it is.
 *
 * @example
 * ctx.use("bracket").start({ instrument, side: "buy", sizeLots: 100, entryTicks: 6_000_00, stopTicks: 5_950_00, targetTicks: 6_100_00 });
 */
export const bracket = definePlugin({
  name: "bracket",
  version: "0.1.0",
  provides: ["bracket"],
  config: deskConfig,
  state: deskState,
  setup(ctx) {
    const desk = new Desk<BracketOptions, BracketState>(ctx, {
      fields: FIELDS,
      letters: [ENTRY, EXIT],
      isPersistent: ({ main }) => main.filledLots > 0, // a position is to be protected
      begin: check,
      onTouch: ({ own, options }, { bidTicks, askTicks }) => {
        if (own.isEntered && isTriggered(options.side, options.stopTicks, bidTicks, askTicks)) own.isStopped = true;
      },
      step: (run) => step(ctx, run),
    });
    ctx.provide("bracket", desk);
    return desk;
  },
});

function check(options: BracketOptions, touch: Touch | undefined): BracketState {
  const { instrument, side, entryTicks, slippageBps = 10, stopTicks, targetTicks } = options;
  const { tickIncrement } = instrument;
  numberIn("slippageBps", slippageBps, 0, 1000);
  if (entryTicks !== undefined) priceOf("entryTicks", entryTicks, tickIncrement);
  priceOf("stopTicks", stopTicks, tickIncrement);
  priceOf("targetTicks", targetTicks, tickIncrement);
  const [low, high] = side === "buy" ? [stopTicks, targetTicks] : [targetTicks, stopTicks];
  if (low >= high || (entryTicks !== undefined && (entryTicks <= low || entryTicks >= high)))
    throw new InvalidInputError(
      `a bracket that begins with a ${side} needs ${side === "buy" ? "stopTicks < entryTicks < targetTicks" : "targetTicks < entryTicks < stopTicks"}`,
    );
  const reason = whyNotNow(options, touch);
  if (reason !== "") throw new InvalidInputError(reason);
  return { isEntered: false, isStopped: false, isMerged: false };
}

/** Why a position would be closed as soon as it is opened; "" when it would not be, or nobody knows. */
function whyNotNow({ side, entryTicks, stopTicks, targetTicks }: BracketOptions, touch: Touch | undefined): string {
  if (touch === undefined) return "";
  const { bidTicks, askTicks } = touch;
  const isBuy = side === "buy";
  const [beyond, at] = isBuy ? ["below", `the bid is ${bidTicks}`] : ["above", `the ask is ${askTicks}`];
  if ((isBuy ? bidTicks > 0 : askTicks > 0) && isTriggered(side, stopTicks, bidTicks, askTicks))
    return `stopTicks is ${stopTicks} and ${at}: the stop would trigger at once; put it ${beyond} that`;
  if (entryTicks !== undefined) return "";
  const isPast = isBuy ? targetTicks <= askTicks : targetTicks >= bidTicks && bidTicks > 0;
  if (!isPast) return "";
  return isBuy
    ? `targetTicks is ${targetTicks} and the ask is ${askTicks}: the entry would pay no less than the target; put it above that`
    : `targetTicks is ${targetTicks} and the bid is ${bidTicks}: the entry would get no more than the target; put it below that`;
}

function step(ctx: PluginContext<DeskConfig>, run: Run<BracketOptions, BracketState>): void {
  const { own, options } = run;
  const entry = run.account(ENTRY);
  const exit = run.account(EXIT);
  exit.limitLots = entry.filledLots;
  if (!own.isEntered) return enter(ctx, run);
  if (own.isStopped) {
    if (entry.open > 0) run.cancelOpen(ENTRY);
    // Of targets and market orders alike: what is still open is a target, unless all is closing already.
    exit.forEachOpen((order) => {
      if (order.intent.type !== "market") run.takeBack(order);
    });
    closeByMarket(ctx, run, opposite(options.side), EXIT);
  } else {
    if (exit.filledLots > 0 && entry.open > 0) run.cancelOpen(ENTRY);
    placeTarget(run);
  }
  if (entry.open > 0) return;
  if (entry.filledLots === 0)
    return run.refusals === 0 ? run.end("expired", "the entry was not filled") : tryAgain(run);
  if (isSettled(run, exit))
    run.end("done", exit.freeLots === 0 ? "" : `${exit.freeLots} lots are too few for an order`);
}

/** A refused entry is tried again, after the pause that a refusal costs. */
function tryAgain(run: Run<BracketOptions, BracketState>): void {
  run.own.isEntered = false;
  run.wakeAt(run.pausedUntilUs);
}

function enter(ctx: PluginContext<DeskConfig>, run: Run<BracketOptions, BracketState>): void {
  if (run.isPaused) return;
  const reason = whyNotNow(run.options, run.touch);
  if (reason !== "") return run.end("expired", reason);
  const { instrument, side, sizeLots, entryTicks, slippageBps = 10 } = run.options;
  const priceTicks = entryTicks ?? takePrice(instrument, run.touch, side, { slippageBps });
  if (priceTicks === undefined) return run.wakeAt(run.nowUs + ctx.config.retryMs * 1000);
  run.own.isEntered = true;
  const timeInForce = entryTicks === undefined ? "IOC" : "GTC";
  run.submit({ side, type: "limit", timeInForce, priceTicks, sizeLots }, ENTRY);
}

/** A target for what the entry has filled and no target covers yet. */
function placeTarget(run: Run<BracketOptions, BracketState>): void {
  const { own, options } = run;
  const { instrument, side, targetTicks } = options;
  const entry = run.account(ENTRY);
  const exit = run.account(EXIT);
  if (exit.freeLots === 0 || run.isPaused) return;
  const sizeLots = fitLots(instrument, exit.freeLots, exit.freeLots, targetTicks);
  if (sizeLots > 0) {
    run.submit({ side: opposite(side), type: "limit", timeInForce: "GTC", priceTicks: targetTicks, sizeLots }, EXIT);
    return;
  }
  // A last fill too small for a target of its own: the others are taken back once, and one is placed for all.
  if (entry.open > 0 || exit.open === 0 || own.isMerged) return;
  own.isMerged = true;
  run.cancelOpen(EXIT);
}

function opposite(side: "buy" | "sell"): "buy" | "sell" {
  return side === "buy" ? "sell" : "buy";
}
