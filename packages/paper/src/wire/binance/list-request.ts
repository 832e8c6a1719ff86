import type { Account } from "../../engine/accounts.ts";
import type { ListRequest } from "../../engine/lists.ts";
import type { Market } from "../../engine/market.ts";
import type { OrderRequest, OrderType } from "../../engine/order.ts";
import { refuse } from "./errors.ts";
import { checkCounts, lotsOf } from "./filters.ts";
import { type LegNames, type LegPrefix, legNames } from "./leg-names.ts";
import { type LegContext, parseLeg, parsePrevention, parseSide, parseType } from "./order-request.ts";
import type { Params } from "./params.ts";

/** The venue's kinds of order lists, as their endpoints are called. */
export type ListKind = "oco" | "oto" | "otoco" | "opo" | "opoco";

const LEGS: Readonly<Record<ListKind, readonly LegPrefix[]>> = {
  oco: ["above", "below"],
  oto: ["working", "pending"],
  otoco: ["working", "pendingAbove", "pendingBelow"],
  opo: ["working", "pending"],
  opoco: ["working", "pendingAbove", "pendingBelow"],
};
const NAMES = {
  above: legNames("above"),
  below: legNames("below"),
  working: legNames("working"),
  pending: legNames("pending"),
  pendingAbove: legNames("pendingAbove"),
  pendingBelow: legNames("pendingBelow"),
} as const;
const SHARED: ReadonlySet<string> = new Set(["side", "quantity", "quoteOrderQty"]);

/** Names that a list of that kind may carry. Source: rest-api.md, "Order lists". */
export function listParams(kind: ListKind): readonly string[] {
  const names = ["symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode"];
  if (kind === "oco") names.push("side", "quantity");
  if (kind === "otoco" || kind === "opoco") names.push("pendingSide");
  if (kind === "otoco") names.push("pendingQuantity");
  for (const prefix of LEGS[kind]) {
    const isWhole = prefix === "working" || prefix === "pending";
    for (const [field, name] of Object.entries(NAMES[prefix as keyof typeof NAMES])) {
      if (field === "quoteOrderQty" || (!isWhole && SHARED.has(field))) continue;
      if (kind === "opo" && name === "pendingQuantity") continue;
      names.push(name);
    }
  }
  return names;
}

/**
 * Reads an order list and checks its legs one by one and together, everything that the venue does before the matching engine.
 *
 * @throws {VenueRefusal} With the venue's words.
 */
export function parseList(
  kind: ListKind,
  market: Market,
  account: Account,
  params: Params,
  newClientId: () => string,
  nowUs: number,
): ListRequest {
  const prevention = parsePrevention(params);
  const context: LegContext = { market, account, params, newClientId, nowUs, prevention };
  const paysPending = kind === "opo" || kind === "opoco";
  const legs = kind === "oco" ? parsePair(context, "", NAMES.above, NAMES.below) : parseOto(kind, context);
  checkCounts(market, legs, true);
  return {
    account,
    clientOrderId: params.clientId("listClientOrderId") ?? newClientId(),
    contingency: kind === "oco" ? "OCO" : "OTO",
    paysPending,
    legs,
  };
}

function parseOto(kind: ListKind, context: LegContext): OrderRequest[] {
  const { params } = context;
  const type = parseType(params, "workingType");
  if (type !== "LIMIT" && type !== "LIMIT_MAKER") throw refuse.notWorking();
  const working = parseLeg(context, NAMES.working);
  const paysPending = kind === "opo" || kind === "opoco";
  if (paysPending && working.side !== "BUY") throw refuse.opoMustBuy();
  const pending =
    kind === "oto" || kind === "opo"
      ? [parseLeg(paysPending ? { ...context, lots: 0 } : context, NAMES.pending)]
      : parsePair(paysPending ? { ...context, lots: 0 } : context, "pending", NAMES.pendingAbove, NAMES.pendingBelow);
  if (paysPending && pending[0]!.side !== "SELL") throw refuse.opoMustSell();
  return [working, ...pending];
}

// The STOP_LOSS* first, as the venue numbers them.
function parsePair(context: LegContext, prefix: "" | "pending", above: LegNames, below: LegNames): OrderRequest[] {
  const { market, params } = context;
  const side = parseSide(params, prefix === "" ? "side" : "pendingSide");
  const quantity = prefix === "" ? "quantity" : "pendingQuantity";
  let { lots } = context;
  if (lots === undefined) {
    params.required(quantity);
    lots = lotsOf(market.instrument, params.decimal(quantity)!);
  }
  checkPairTypes(side === "BUY", parseType(params, above.type), parseType(params, below.type));
  const high = parseLeg({ ...context, side, lots }, above);
  const low = parseLeg({ ...context, side, lots }, below);
  return isStopLoss(high.type) ? [high, low] : [low, high];
}

// One is the profit and one the loss, each on its side of the market.
function checkPairTypes(isBuy: boolean, above: OrderType, below: OrderType): void {
  for (const type of [above, below]) if (type === "LIMIT" || type === "MARKET") throw refuse.notInOco();
  if (above === "LIMIT_MAKER" && below === "LIMIT_MAKER") throw refuse.bothLimit();
  if (isBuy) {
    if (above === "LIMIT_MAKER") throw refuse.buyLimitBelow();
    if (!isStopLoss(above)) throw refuse.buyProfitBelow();
    if (isStopLoss(below)) throw refuse.buyStopAbove();
  } else {
    if (below === "LIMIT_MAKER") throw refuse.sellLimitAbove();
    if (!isStopLoss(below)) throw refuse.sellProfitAbove();
    if (isStopLoss(above)) throw refuse.sellStopBelow();
  }
}

function isStopLoss(type: OrderType): boolean {
  return type === "STOP_LOSS" || type === "STOP_LOSS_LIMIT";
}
