import type { Instrument, QuoteEvent, Side, TimeInForce } from "@pitlane/sdk";
import { deny, type Verdict } from "../hooks/verdict.ts";
import type { Intent } from "./order.ts";

/** What a strategy sees in the market, to be acted on at once or not at all. */
export interface Signal {
  readonly instrument: Instrument;
  readonly side: Side;
  /** In lots; rounded down to what the venue takes. */
  readonly sizeLots: number;
  /** How sure it is, 0 to 1: below `execution.minConfidence` it is denied, code `LOW_CONFIDENCE`. */
  readonly confidence: number;
  /** Worst price, in ticks, rounded to the better one that the venue takes. Default: the other side of the quote, and `maxSlippageBps` beyond. */
  readonly priceTicks?: number;
  /** How far beyond the quote it may trade, in basis points, whole, 0 to 10,000; default `execution.maxSlippageBps`. */
  readonly maxSlippageBps?: number;
  /** Default `IOC`: what cannot trade at once is not left behind. */
  readonly timeInForce?: TimeInForce;
  /** See `Intent`; default `execution.maxLatencyMs`. */
  readonly maxLatencyMs?: number;
  readonly priority?: number;
  readonly expectedProfit?: bigint;
  readonly reduceOnly?: boolean;
  readonly tag?: string;
}

/** The part of `execution` in the config that signals are shaped by. */
export interface SignalSettings {
  readonly minConfidence: number;
  readonly maxLatencyMs: number;
  readonly maxSlippageBps: number;
}

/** What the config says unless it is told otherwise. */
export const DEFAULT_SIGNALS: SignalSettings = { minConfidence: 0.6, maxLatencyMs: 5, maxSlippageBps: 10 };

/** What a signal became. */
export interface ShapedSignal {
  readonly intent: Intent;
  /** Why there is to be no order of it; undefined when there is. */
  readonly refusal: (Verdict & { readonly allowed: false }) | undefined;
}

/**
 * Makes an intent of a signal: a limit order, rounded away from harm. The size is rounded down, a buy's price down and a sell's up, so that
 * neither more is risked nor a worse price paid than was asked for. Pure.
 *
 * @param quote The last one; undefined when none is known, which refuses a signal without a price: code `NO_REFERENCE_PRICE`.
 * @example
 * const { intent, refusal } = shapeSignal(signal, ctx.quote(signal.instrument), config.execution);
 */
export function shapeSignal(
  signal: Signal,
  quote: QuoteEvent | undefined,
  { minConfidence, maxLatencyMs, maxSlippageBps }: SignalSettings,
): ShapedSignal {
  const { instrument, side, sizeLots, confidence, priority, expectedProfit, reduceOnly, tag } = signal;
  const slippageBps = signal.maxSlippageBps ?? maxSlippageBps;
  const wantedTicks = signal.priceTicks ?? priceBeyond(side, quote, slippageBps);
  const intent: Intent = {
    instrument,
    side,
    type: "limit",
    sizeLots: downTo(sizeLots, instrument.lotIncrement),
    timeInForce: signal.timeInForce ?? "IOC",
    confidence,
    maxLatencyMs: signal.maxLatencyMs ?? maxLatencyMs,
    ...(wantedTicks === undefined ? {} : { priceTicks: roundPrice(side, wantedTicks, instrument.tickIncrement) }),
    ...(priority === undefined ? {} : { priority }),
    ...(expectedProfit === undefined ? {} : { expectedProfit }),
    ...(reduceOnly === undefined ? {} : { reduceOnly }),
    ...(tag === undefined ? {} : { tag }),
  };
  return { intent, refusal: refusalOf(intent, slippageBps, minConfidence) };
}

function refusalOf(
  { instrument, confidence = Number.NaN, priceTicks }: Intent,
  slippageBps: number,
  minConfidence: number,
): ShapedSignal["refusal"] {
  const refuse = (code: string, reason: string) => deny(code, reason) as Verdict & { readonly allowed: false };
  if (!(confidence >= 0 && confidence <= 1))
    return refuse("BAD_CONFIDENCE", `a signal's confidence must be from 0 to 1, got ${confidence}`);
  if (confidence < minConfidence)
    return refuse("LOW_CONFIDENCE", `confidence ${confidence} is below execution.minConfidence, ${minConfidence}`);
  if (!(Number.isInteger(slippageBps) && slippageBps >= 0 && slippageBps <= 10_000))
    return refuse("BAD_SLIPPAGE", `maxSlippageBps must be a whole number from 0 to 10000, got ${slippageBps}`);
  if (priceTicks === undefined)
    return refuse("NO_REFERENCE_PRICE", `no quote of ${instrument.id} is known to price the signal at`);
  return undefined;
}

/** The far side of the quote and so much beyond; undefined when that side is unknown or empty. */
function priceBeyond(side: Side, quote: QuoteEvent | undefined, slippageBps: number): number | undefined {
  const touchTicks = side === "buy" ? quote?.askTicks : quote?.bidTicks;
  if (touchTicks === undefined || !Number.isSafeInteger(touchTicks)) return undefined;
  const beyond = slippageTicks(touchTicks, slippageBps);
  return side === "buy" ? touchTicks + beyond : touchTicks - beyond;
}

/** So many basis points of a price, rounded down; in parts, as the product may be above what a number can hold. */
function slippageTicks(ticks: number, bps: number): number {
  return Math.floor(ticks / 10_000) * bps + Math.floor(((ticks % 10_000) * bps) / 10_000);
}

function roundPrice(side: Side, ticks: number, increment: number): number {
  return side === "buy" ? downTo(ticks, increment) : -downTo(-ticks, increment);
}

function downTo(value: number, increment: number): number {
  return Math.floor(value / increment) * increment;
}
