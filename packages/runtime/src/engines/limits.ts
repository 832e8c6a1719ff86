import type { Instrument } from "@pitlane/sdk";
import { allow, type Verdict } from "../hooks/verdict.ts";
import { isTriggered } from "../orders/kinds.ts";
import type { Intent } from "../orders/order.ts";
import { walkTheBook } from "./impact.ts";
import { feePartsOf, spentAsset } from "./reservations.ts";
import {
  type Exposure,
  isReducing,
  type RiskEngine,
  type RiskVote,
  reviewOrderSize,
  reviewPosition,
  reviewShape,
} from "./risk.ts";
import { veto } from "./risk-codes.ts";
import type { RiskDesk } from "./risk-desk.ts";
import {
  reviewBalance,
  reviewCollar,
  reviewDataAge,
  reviewOpenOrders,
  reviewSelfTrade,
  reviewTradingState,
} from "./risk-rules.ts";

/**
 * Adds the voters that every session has, in the order of the guide's table of codes. Limits are looked up in a table made beforehand;
 * an order that all allow costs them no object of their own.
 *
 * An order that closes a position by the session's own doing is asked for its shape and its balance alone: no limit may keep it from it.
 * One whose numbers are not whole is denied for its shape, and no other voter could reckon with them.
 */
export function addLimitVoters(risk: RiskEngine, desk: RiskDesk): void {
  const { config, exposure, limits } = desk;
  const heldOf = (instrument: Instrument): Exposure => {
    const { openBuyLots, openSellLots } = exposure.of(instrument);
    return { positionLots: desk.positionLots(instrument), openBuyLots, openSellLots };
  };
  // One look for all voters: they are asked about an intent one after the other.
  let asked: Intent | undefined;
  let isSpared = false;
  const spares = (intent: Intent): boolean => {
    if (intent === asked) return isSpared;
    asked = intent;
    isSpared = desk.isClosing(intent) || !isWhole(intent);
    return isSpared;
  };
  const add = (name: string, vote: RiskVote) =>
    risk.addVoter(name, (intent) => (spares(intent) ? allow() : vote(intent)));

  add("trading-state", (intent) => reviewTradingState(intent, desk.trading, () => heldOf(intent.instrument)));
  risk.addVoter("shape", reviewShape);
  add("order-size", (intent) => reviewOrderSize(intent, limits.get(intent.instrument)!, takenTicks(desk, intent)));
  // The order itself counts as one of the open ones only once it is admitted.
  add("position", (intent) =>
    reviewPosition(intent, heldOf(intent.instrument), limits.get(intent.instrument)!, takenTicks(desk, intent)),
  );
  add("open-orders", (intent) =>
    reviewOpenOrders(
      exposure.orders,
      config.maxOpenOrders,
      exposure.of(intent.instrument).orders,
      limits.get(intent.instrument)!.maxOpenOrders,
    ),
  );
  add("order-rate", () => {
    const passed = desk.rate.passed();
    return passed === undefined ? allow() : veto("MAX_ORDER_RATE", `the limit of ${passed} is reached`);
  });
  add("price-collar", (intent) =>
    reviewCollar(
      intent,
      desk.watch.twiceMidTicks(desk.indexOf(intent.instrument)),
      limits.get(intent.instrument)!.maxPriceDeviationBps,
    ),
  );
  if (config.selfTrade === "deny") add("self-trade", (intent) => voteOnSelfTrade(desk, intent));
  add("stale-data", (intent) => {
    const index = desk.indexOf(intent.instrument);
    const ageMs = (desk.nowUs() - desk.watch.lastUs(index)) / 1000;
    const verdict = reviewDataAge(intent, ageMs, desk.watch.hasGap(index), limits.get(intent.instrument)!.maxDataAgeMs);
    // Getting out must not wait for the market's news.
    return verdict.allowed || isReducing(intent, heldOf(intent.instrument)) ? allow() : verdict;
  });
  add("losses", (intent) => {
    const breach = desk.losses.breachOf(intent.instrument.quote);
    return breach === undefined || isReducing(intent, heldOf(intent.instrument))
      ? allow()
      : veto(breach.code, breach.reason);
  });
  add("exposure", (intent) => desk.total.review(intent));
  if (config.checkBalances) risk.addVoter("balance", balanceVote(desk));
}

function isWhole({ priceTicks = 0, triggerTicks = 0, trailingBps = 0, sizeLots }: Intent): boolean {
  const { isSafeInteger } = Number;
  return (
    isSafeInteger(priceTicks) && isSafeInteger(sizeLots) && isSafeInteger(triggerTicks) && isSafeInteger(trailingBps)
  );
}

/** The best price on the other side; undefined when no quote is known. */
function takenTicks({ market, indexOf }: RiskDesk, { instrument, side }: Intent): number | undefined {
  const quote = market.quote(indexOf(instrument));
  return side === "buy" ? quote?.askTicks : quote?.bidTicks;
}

function voteOnSelfTrade(desk: RiskDesk, intent: Intent): Verdict {
  const { instrument, side, sizeLots, type } = intent;
  // It does not trade yet: when it does, the venue's own prevention decides.
  if (isTriggered(type)) return allow();
  const ownTicks = desk.exposure.bestOwnTicks(instrument, side === "buy" ? "sell" : "buy");
  if (ownTicks === undefined) return allow();
  if (intent.priceTicks !== undefined) return reviewSelfTrade(intent, ownTicks, intent.priceTicks);
  const book = desk.market.book(instrument);
  const walk = book === undefined ? undefined : walkTheBook(book, side, sizeLots);
  // Where the book is too thin for it, nobody knows how far a market order goes.
  return reviewSelfTrade(intent, ownTicks, walk?.filledLots === sizeLots ? walk.worstTicks : undefined);
}

function balanceVote(desk: RiskDesk): RiskVote {
  const feeParts = feePartsOf(desk.config.feeBps);
  return (intent) => {
    if (!isWhole(intent)) return allow();
    const { venue } = intent.instrument;
    const asset = spentAsset(intent);
    const balance = desk.balance(asset, venue);
    // A session without an account has no balances: its venue takes no orders anyway.
    if (balance === undefined) return allow();
    const priceTicks = intent.side === "sell" ? undefined : desk.mostPaidTicks(intent);
    return reviewBalance(intent, priceTicks, balance - desk.exposure.reservations.of(venue, asset), feeParts);
  };
}
