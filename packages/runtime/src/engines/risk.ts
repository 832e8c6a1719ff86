import { formatScaled, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import { allow, deny, type NamedVerdict, type Verdict } from "../hooks/verdict.ts";
import type { Intent, Order } from "../orders/order.ts";

export { allow, deny, type NamedVerdict, type Verdict };

/** Votes on an intent. Must be quick and must not act; an error it throws denies. */
export type RiskVote = (intent: Intent) => Verdict;

declare const approved: unique symbol;

/** An intent that every voter allowed. Only `RiskEngine.review` makes one, and the gateway takes nothing else. */
export interface ApprovedIntent {
  readonly [approved]: true;
  readonly order: Order;
}

export interface Review {
  /** Undefined when any voter denied. */
  readonly approved: ApprovedIntent | undefined;
  readonly verdicts: readonly NamedVerdict[];
}

/**
 * Asks every voter about an intent: all are heard, any veto denies, an error denies.
 *
 * @example
 * const risk = new RiskEngine();
 * risk.addVoter("order-size", (intent) => reviewOrderSize(intent, limits, referenceTicks));
 * const { approved, verdicts } = risk.review(order);
 */
export class RiskEngine {
  #voters: readonly { readonly name: string; readonly vote: RiskVote; readonly owner: number }[] = [];

  /** @param owner Number of the plugin it is of; -1 for the session's own. */
  addVoter(name: string, vote: RiskVote, owner = -1): void {
    this.#voters = [...this.#voters, { name, vote, owner }];
  }

  /** Takes away the voters of all plugins; the session's own stay. */
  removeVoters(): void {
    this.#voters = this.#voters.filter((voter) => voter.owner === -1);
  }

  review(order: Order): Review {
    const verdicts: NamedVerdict[] = [];
    let allowed = true;
    for (const { name, vote } of this.#voters) {
      let verdict: Verdict;
      try {
        verdict = vote(order.intent);
      } catch (error) {
        verdict = deny("VOTER_FAILED", `${name} failed: ${error instanceof Error ? error.message : String(error)}`);
      }
      verdicts.push({ voter: name, verdict });
      allowed &&= verdict.allowed;
    }
    return { approved: allowed ? ({ order } as ApprovedIntent) : undefined, verdicts };
  }
}

/** Limits on one instrument; a limit left out is not checked. */
export interface RiskLimits {
  /** Largest price x size of one order, in the quote asset's smallest unit. */
  readonly maxOrderNotional: bigint;
  /** Largest value of a position if every open order on its side filled, in the quote asset's smallest unit. */
  readonly maxPositionNotional: bigint;
  /** Largest order, in lots. */
  readonly maxOrderLots?: number;
  /** Largest position if every open order on its side filled, in lots. */
  readonly maxPositionLots?: number;
}

/** Checks what any venue would refuse: the shape of an order, before money is looked at. Pure. */
export function reviewShape(intent: Intent): Verdict {
  const { instrument, type, sizeLots, priceTicks } = intent;
  if (!instrument.trading) return deny("NOT_TRADING", `${instrument.id} takes no orders at the moment`);
  if (!Number.isSafeInteger(sizeLots) || sizeLots <= 0 || sizeLots % instrument.lotIncrement !== 0) {
    return deny("BAD_SIZE", `size ${sizeLots} lots is not a positive multiple of ${instrument.lotIncrement} lots`);
  }
  if (sizeLots < instrument.minLots || sizeLots > instrument.maxLots) {
    return deny(
      "BAD_SIZE",
      `size ${sizeLots} lots is outside the venue's ${instrument.minLots} to ${instrument.maxLots}`,
    );
  }
  if (type === "market") return allow();
  if (
    priceTicks === undefined ||
    !Number.isSafeInteger(priceTicks) ||
    priceTicks <= 0 ||
    priceTicks % instrument.tickIncrement !== 0
  ) {
    return deny(
      "BAD_PRICE",
      `price ${priceTicks} ticks is not a positive multiple of ${instrument.tickIncrement} ticks`,
    );
  }
  if (notionalUnits(instrument, priceTicks, sizeLots) < instrument.minNotional) {
    return deny(
      "BELOW_MIN_NOTIONAL",
      `price x size is below the venue's minimum of ${formatUnits(instrument.minNotional)} ${instrument.quote}`,
    );
  }
  return allow();
}

/**
 * Denies an order larger than `limits`. Pure.
 *
 * @param referenceTicks Price to value a market order at; undefined when none is known, which denies it.
 */
export function reviewOrderSize(intent: Intent, limits: RiskLimits, referenceTicks: number | undefined): Verdict {
  const { instrument, sizeLots } = intent;
  if (limits.maxOrderLots !== undefined && sizeLots > limits.maxOrderLots) {
    return deny(
      "MAX_ORDER_SIZE",
      `order of ${size(instrument, sizeLots)} is above the limit of ${size(instrument, limits.maxOrderLots)}`,
    );
  }
  const priceTicks = intent.priceTicks ?? referenceTicks;
  if (priceTicks === undefined)
    return deny("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to value the order at`);
  const notional = notionalUnits(instrument, priceTicks, sizeLots);
  return notional <= limits.maxOrderNotional
    ? allow()
    : deny(
        "MAX_ORDER_SIZE",
        `order worth ${formatUnits(notional)} ${instrument.quote} is above the limit of ${formatUnits(limits.maxOrderNotional)}`,
      );
}

/** What is held and what may yet be bought and sold, in lots. */
export interface Exposure {
  readonly positionLots: number;
  readonly openBuyLots: number;
  readonly openSellLots: number;
}

/**
 * Denies an order that could grow the position beyond `limits` if it and every open order on its side filled; one that can
 * only shrink the position passes. Pure.
 *
 * @param referenceTicks As for `reviewOrderSize`.
 */
export function reviewPosition(
  intent: Intent,
  exposure: Exposure,
  limits: RiskLimits,
  referenceTicks: number | undefined,
): Verdict {
  const { instrument, sizeLots, side } = intent;
  const { positionLots, openBuyLots, openSellLots } = exposure;
  const nextLots = side === "buy" ? positionLots + openBuyLots + sizeLots : positionLots - openSellLots - sizeLots;
  if (Math.abs(nextLots) <= Math.abs(positionLots) && nextLots * positionLots >= 0) return allow();
  if (limits.maxPositionLots !== undefined && Math.abs(nextLots) > limits.maxPositionLots) {
    return deny(
      "MAX_POSITION",
      `position could be ${size(instrument, nextLots)}, the limit is ${size(instrument, limits.maxPositionLots)}`,
    );
  }
  const priceTicks = intent.priceTicks ?? referenceTicks;
  if (priceTicks === undefined)
    return deny("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to value the position at`);
  const notional = notionalUnits(instrument, priceTicks, Math.abs(nextLots));
  return notional <= limits.maxPositionNotional
    ? allow()
    : deny(
        "MAX_POSITION",
        `position could be worth ${formatUnits(notional)} ${instrument.quote}, the limit is ${formatUnits(limits.maxPositionNotional)}`,
      );
}

function size(instrument: Instrument, lots: number): string {
  return `${formatScaled(lots, instrument.sizeDecimals)} ${instrument.base}`;
}
