import { ASSET_DECIMALS, formatScaled, formatUnits } from "@pitlane/sdk";
import { allow, type Verdict } from "../hooks/verdict.ts";
import type { Intent } from "../orders/order.ts";
import { unitsPerTickLot } from "./notional.ts";
import { spentAsset, spentUnits } from "./reservations.ts";
import { type Exposure, isReducing } from "./risk.ts";
import { veto } from "./risk-codes.ts";
import { describeTrading, type TradingStatus } from "./trading-state.ts";

const BPS = 10_000;

/**
 * Denies all while trading is halted, and what could grow a position while it is reduce-only or where the order itself is to be. Pure.
 *
 * @param exposure Asked only when it matters.
 */
export function reviewTradingState(intent: Intent, status: TradingStatus, exposure: () => Exposure): Verdict {
  if (status.state === "halted") return veto("HALTED", describeTrading(status));
  if (status.state === "active" && intent.reduceOnly !== true) return allow();
  const held = exposure();
  if (isReducing(intent, held)) return allow();
  const why = status.state === "active" ? "the order is reduce-only" : describeTrading(status);
  return veto("REDUCE_ONLY", `it could grow the position of ${held.positionLots} lots; ${why}`);
}

/** Denies one more order than may be open, in all or of its instrument. Pure. @param max 0 for no limit, as `maxOfInstrument`. */
export function reviewOpenOrders(
  open: number,
  max: number,
  openOfInstrument: number,
  maxOfInstrument: number,
): Verdict {
  if (maxOfInstrument > 0 && openOfInstrument >= maxOfInstrument)
    return veto(
      "MAX_OPEN_ORDERS_INSTRUMENT",
      `${openOfInstrument} orders of the instrument are open, the limit is ${maxOfInstrument}`,
    );
  if (max > 0 && open >= max) return veto("MAX_OPEN_ORDERS", `${open} orders are open, the limit is ${max}`);
  return allow();
}

/**
 * Denies a price that is further from the mid than `maxDeviationBps`, on either side: a slip of the finger, or a wrong scale. Of a stop it is
 * the trigger that is held against the mid, and its limit against the trigger, as that is where the market will be. Market orders, and
 * stops that only trail, have none. Pure.
 *
 * @param twiceMidTicks Bid + ask; undefined when no price is known, which denies. @param maxDeviationBps 0 for no limit.
 */
export function reviewCollar(intent: Intent, twiceMidTicks: number | undefined, maxDeviationBps: number): Verdict {
  const { instrument, priceTicks, triggerTicks } = intent;
  const heldTicks = triggerTicks ?? priceTicks;
  if (heldTicks === undefined || maxDeviationBps === 0) return allow();
  if (twiceMidTicks === undefined)
    return veto("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to hold the order's against`);
  const textOf = (ticks: number) => formatScaled(ticks, instrument.priceDecimals);
  if (!isNear(heldTicks, twiceMidTicks, maxDeviationBps))
    return veto(
      "PRICE_COLLAR",
      `${triggerTicks === undefined ? "price" : "trigger"} ${textOf(heldTicks)} is more than ${maxDeviationBps} basis points from the mid of ${textOf(Math.round(twiceMidTicks / 2))}`,
    );
  if (triggerTicks === undefined || priceTicks === undefined) return allow();
  if (isNear(priceTicks, 2 * triggerTicks, maxDeviationBps)) return allow();
  return veto(
    "PRICE_COLLAR",
    `price ${textOf(priceTicks)} is more than ${maxDeviationBps} basis points from its trigger of ${textOf(triggerTicks)}`,
  );
}

function isNear(ticks: number, twiceMidTicks: number, maxBps: number): boolean {
  return Math.abs(2 * ticks - twiceMidTicks) * BPS <= maxBps * twiceMidTicks;
}

/**
 * Denies an order that would trade with one of our own that rests, of whatever strategy. Pure.
 *
 * @param ownTicks Best price of our own on the other side; undefined when none rests there.
 * @param reachTicks The furthest price that the order could trade at; undefined when nobody knows: then any of our own is in reach.
 */
export function reviewSelfTrade(intent: Intent, ownTicks: number | undefined, reachTicks: number | undefined): Verdict {
  if (ownTicks === undefined) return allow();
  const { instrument, side } = intent;
  const isInReach = reachTicks === undefined || (side === "buy" ? ownTicks <= reachTicks : ownTicks >= reachTicks);
  if (!isInReach) return allow();
  const price = formatScaled(ownTicks, instrument.priceDecimals);
  return veto(
    "SELF_TRADE",
    `it would trade with our own ${side === "buy" ? "sell" : "buy"} at ${price} ${instrument.quote}`,
  );
}

/**
 * Denies an order on a market that nothing was heard of for `maxAgeMs`, or whose book has a gap. Pure.
 *
 * @param ageMs Since its last event, in milliseconds of the session's time; Infinity before the first. @param maxAgeMs 0 for no limit.
 */
export function reviewDataAge({ instrument }: Intent, ageMs: number, hasGap: boolean, maxAgeMs: number): Verdict {
  if (maxAgeMs === 0) return allow();
  if (hasGap) return veto("STALE_DATA", `the book of ${instrument.id} has a gap`);
  if (ageMs <= maxAgeMs) return allow();
  const since = Number.isFinite(ageMs) ? `for ${Math.round(ageMs)} ms` : "since the start";
  return veto("STALE_DATA", `nothing was heard of ${instrument.id} ${since}, the limit is ${maxAgeMs} ms`);
}

/**
 * Denies an order that could spend more than is there besides what open orders may spend. Pure.
 *
 * @param priceTicks The most a buy may pay; undefined when none is known, which denies it.
 * @param freeUnits Balance less what is put aside, in the smallest unit of the asset it spends. @param feeParts Of `feePartsOf`.
 */
export function reviewBalance(
  intent: Intent,
  priceTicks: number | undefined,
  freeUnits: bigint,
  feeParts: bigint,
): Verdict {
  const { instrument, side, sizeLots } = intent;
  if (priceTicks === undefined && side === "buy")
    return veto("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to work out what the order may cost`);
  if (isWithinReach(intent, priceTicks ?? 0, freeUnits, feeParts)) return allow();
  const units = spentUnits(instrument, side, priceTicks ?? 0, sizeLots, feeParts);
  if (units <= freeUnits) return allow();
  const asset = spentAsset(intent);
  return veto(
    "INSUFFICIENT_BALANCE",
    `it may spend ${formatUnits(units)} ${asset}, and ${formatUnits(freeUnits)} are there besides what open orders may spend`,
  );
}

// Mostly far more is there than an order needs: a float sees that, and only what is close is worked out in whole units.
function isWithinReach(
  { instrument, side, sizeLots }: Intent,
  priceTicks: number,
  freeUnits: bigint,
  feeParts: bigint,
): boolean {
  const units =
    side === "buy"
      ? priceTicks * sizeLots * unitsPerTickLot(instrument) * (1 + Number(feeParts) / 1e6)
      : sizeLots * 10 ** (ASSET_DECIMALS - instrument.sizeDecimals);
  return units * AMPLY + AMPLY <= Number(freeUnits);
}

const AMPLY = 1 + 1e-9;
