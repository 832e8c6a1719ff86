import { formatScaled, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import { allow, deny, type NamedVerdict, type Verdict } from "../hooks/verdict.ts";
import { countedTicks } from "../orders/counted-price.ts";
import { isTriggered, isUnpriced } from "../orders/kinds.ts";
import type { Intent, Order } from "../orders/order.ts";
import type { NotionalLimit } from "./notional.ts";
import { veto } from "./risk-codes.ts";

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
  #voters: readonly Voter[] = [];
  #allowed: readonly NamedVerdict[] = []; // what is said when all of them allow
  readonly #onApproved: (order: Order) => void;

  /** @param onApproved Told of each order that all voters allowed, before the next one is voted on. */
  constructor(onApproved: (order: Order) => void = () => {}) {
    this.#onApproved = onApproved;
  }

  /** @param owner Number of the plugin it is of; -1 for the session's own. */
  addVoter(name: string, vote: RiskVote, owner = -1): void {
    this.#setVoters([...this.#voters, { name, vote, owner, allowed: { voter: name, verdict: allow() } }]);
  }

  /** Takes away the voters of all plugins; the session's own stay. */
  removeVoters(): void {
    this.#setVoters(this.#voters.filter((voter) => voter.owner === -1));
  }

  /** The verdicts of orders that all voters allow are one list, always the same until voters come or go. */
  review(order: Order): Review {
    const voters = this.#voters;
    let denied: NamedVerdict[] | undefined; // all verdicts, once one of them is a veto
    for (let i = 0; i < voters.length; i++) {
      const voter = voters[i]!;
      const verdict = verdictOf(voter, order.intent);
      if (!verdict.allowed) denied ??= this.#allowed.slice(0, i);
      denied?.push(verdict.allowed ? voter.allowed : { voter: voter.name, verdict });
    }
    if (denied !== undefined) return { approved: undefined, verdicts: denied };
    this.#onApproved(order);
    return { approved: { order } as ApprovedIntent, verdicts: this.#allowed };
  }

  /**
   * Asks the voters of plugins about an order that is to become smaller. The session's own are not asked: each of their limits that the order
   * was admitted by admits a smaller one, and none of them may keep risk from being taken away.
   *
   * @param amended The intent with its new size.
   */
  reviewAmend(amended: Intent): readonly NamedVerdict[] {
    const asked = this.#voters.filter(({ owner }) => owner !== -1);
    return asked.map((voter) => ({ voter: voter.name, verdict: verdictOf(voter, amended) }));
  }

  #setVoters(voters: readonly Voter[]): void {
    this.#voters = voters;
    this.#allowed = voters.map(({ allowed }) => allowed);
  }
}

interface Voter {
  readonly name: string;
  readonly vote: RiskVote;
  readonly owner: number;
  /** What is kept of an order that it allows: one for all of them. */
  readonly allowed: NamedVerdict;
}

function verdictOf({ name, vote }: Voter, intent: Intent): Verdict {
  try {
    return vote(intent);
  } catch (error) {
    return deny("VOTER_FAILED", `${name} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Limits on the orders and the position of one instrument; a limit left out is not checked. */
export interface RiskLimits {
  /** Largest price x size of one order. */
  readonly maxOrderNotional: NotionalLimit;
  /** Largest value of a position if every open order on its side filled. */
  readonly maxPositionNotional: NotionalLimit;
  /** Largest order, in lots. */
  readonly maxOrderLots?: number;
  /** Largest position if every open order on its side filled, in lots. */
  readonly maxPositionLots?: number;
}

/** Checks what any venue would refuse: the shape of an order, before money is looked at. Pure. */
export function reviewShape(intent: Intent): Verdict {
  const { instrument, type, sizeLots, priceTicks } = intent;
  if (!instrument.trading) return veto("NOT_TRADING", `${instrument.id} takes no orders at the moment`);
  if (!Number.isSafeInteger(sizeLots) || sizeLots <= 0 || sizeLots % instrument.lotIncrement !== 0) {
    return veto("BAD_SIZE", `size ${sizeLots} lots is not a positive multiple of ${instrument.lotIncrement} lots`);
  }
  if (sizeLots < instrument.minLots || sizeLots > instrument.maxLots) {
    return veto(
      "BAD_SIZE",
      `size ${sizeLots} lots is outside the venue's ${instrument.minLots} to ${instrument.maxLots}`,
    );
  }
  if (isTriggered(type)) {
    const trigger = reviewTrigger(intent);
    if (!trigger.allowed) return trigger;
  }
  if (isUnpriced(type)) return allow();
  if (
    priceTicks === undefined ||
    !Number.isSafeInteger(priceTicks) ||
    priceTicks <= 0 ||
    priceTicks % instrument.tickIncrement !== 0
  ) {
    return veto(
      "BAD_PRICE",
      `price ${priceTicks} ticks is not a positive multiple of ${instrument.tickIncrement} ticks`,
    );
  }
  if (notionalUnits(instrument, priceTicks, sizeLots) < instrument.minNotional) {
    return veto(
      "BELOW_MIN_NOTIONAL",
      `price x size is below the venue's minimum of ${formatUnits(instrument.minNotional)} ${instrument.quote}`,
    );
  }
  return allow();
}

/** As `reviewShape`, of what activates a stop or a take-profit. Whether the price is there already, the venue says. */
function reviewTrigger({ instrument, side, triggerTicks, trailingBps }: Intent): Verdict {
  const { tickIncrement } = instrument;
  if (triggerTicks === undefined && trailingBps === undefined)
    return veto("BAD_TRIGGER", "it has neither triggerTicks nor trailingBps");
  if (
    triggerTicks !== undefined &&
    !(Number.isSafeInteger(triggerTicks) && triggerTicks > 0 && triggerTicks % tickIncrement === 0)
  )
    return veto("BAD_TRIGGER", `trigger ${triggerTicks} ticks is not a positive multiple of ${tickIncrement} ticks`);
  // A sale that trails by all of the price would never come.
  const most = side === "sell" ? 9_999 : 1_000_000;
  if (trailingBps !== undefined && !(Number.isSafeInteger(trailingBps) && trailingBps >= 1 && trailingBps <= most))
    return veto("BAD_TRIGGER", `trailingBps ${trailingBps} is not a whole number from 1 to ${most}`);
  return allow();
}

/**
 * Denies an order larger than `limits`. Pure.
 *
 * @param referenceTicks Price to value an order at that names none; undefined when none is known, which denies it.
 */
export function reviewOrderSize(intent: Intent, limits: RiskLimits, referenceTicks: number | undefined): Verdict {
  const { instrument, sizeLots } = intent;
  if (limits.maxOrderLots !== undefined && sizeLots > limits.maxOrderLots) {
    return veto(
      "MAX_ORDER_SIZE",
      `order of ${size(instrument, sizeLots)} is above the limit of ${size(instrument, limits.maxOrderLots)}`,
    );
  }
  const priceTicks = countedTicks(intent, referenceTicks);
  if (priceTicks === undefined)
    return veto("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to value the order at`);
  return limits.maxOrderNotional.admits(priceTicks, sizeLots)
    ? allow()
    : veto(
        "MAX_ORDER_NOTIONAL",
        `order worth ${worth(instrument, priceTicks, sizeLots)} is above the limit of ${formatUnits(limits.maxOrderNotional.units)}`,
      );
}

/** What is held and what may yet be bought and sold, in lots. */
export interface Exposure {
  readonly positionLots: number;
  readonly openBuyLots: number;
  readonly openSellLots: number;
}

/** True when an order and every open one on its side could together only bring the position nearer to nothing, never beyond. Pure. */
export function isReducing({ side, sizeLots }: Intent, { positionLots, openBuyLots, openSellLots }: Exposure): boolean {
  return side === "sell"
    ? positionLots > 0 && openSellLots + sizeLots <= positionLots
    : positionLots < 0 && openBuyLots + sizeLots <= -positionLots;
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
  if (isReducing(intent, exposure)) return allow();
  const nextLots = side === "buy" ? positionLots + openBuyLots + sizeLots : positionLots - openSellLots - sizeLots;
  if (limits.maxPositionLots !== undefined && Math.abs(nextLots) > limits.maxPositionLots) {
    return veto(
      "MAX_POSITION",
      `position could be ${size(instrument, nextLots)}, the limit is ${size(instrument, limits.maxPositionLots)}`,
    );
  }
  const priceTicks = countedTicks(intent, referenceTicks);
  if (priceTicks === undefined)
    return veto("NO_REFERENCE_PRICE", `no price of ${instrument.id} is known to value the position at`);
  return limits.maxPositionNotional.admits(priceTicks, Math.abs(nextLots))
    ? allow()
    : veto(
        "MAX_POSITION_NOTIONAL",
        `position could be worth ${worth(instrument, priceTicks, Math.abs(nextLots))}, the limit is ${formatUnits(limits.maxPositionNotional.units)}`,
      );
}

function worth(instrument: Instrument, priceTicks: number, sizeLots: number): string {
  return `${formatUnits(notionalUnits(instrument, priceTicks, sizeLots))} ${instrument.quote}`;
}

function size(instrument: Instrument, lots: number): string {
  return `${formatScaled(lots, instrument.sizeDecimals)} ${instrument.base}`;
}
