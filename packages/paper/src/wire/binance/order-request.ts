import type { Account } from "../../engine/accounts.ts";
import type { Side } from "../../engine/book-side.ts";
import type { Market } from "../../engine/market.ts";
import type { TimeInForce } from "../../engine/matching-engine.ts";
import type { OrderRequest, OrderType } from "../../engine/order.ts";
import { refuse } from "./errors.ts";
import { checkNotional, checkOpenOrders, lotsOf, priceTicksOf, quoteUnitsOf } from "./filters.ts";
import type { ResponseType } from "./order-json.ts";
import type { Params } from "./params.ts";

/** Names that an order may carry. */
export const ORDER_PARAMS: readonly string[] = [
  "symbol",
  "side",
  "type",
  "timeInForce",
  "quantity",
  "quoteOrderQty",
  "price",
  "newClientOrderId",
  "stopPrice",
  "trailingDelta",
  "icebergQty",
  "newOrderRespType",
  "selfTradePreventionMode",
  "strategyId",
  "strategyType",
];

/** Modes that an order may ask for; the venue's others, DECREMENT and TRANSFER, are refused. */
export const PREVENTION_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"] as const;

export const DEFAULT_PREVENTION = "EXPIRE_MAKER";

const UNSUPPORTED_TYPES: ReadonlyMap<string, string> = new Map([
  ["STOP_LOSS", "Stop loss"],
  ["STOP_LOSS_LIMIT", "Stop loss limit"],
  ["TAKE_PROFIT", "Take profit"],
  ["TAKE_PROFIT_LIMIT", "Take profit limit"],
]);

/**
 * Reads an order and checks it by the rules of its type and by the market's filters, everything that the venue does before the
 * matching engine.
 *
 * @throws {VenueRefusal} With the venue's words.
 */
export function parseOrder(
  market: Market,
  account: Account,
  params: Params,
  newClientId: () => string,
  nowUs: number,
): OrderRequest {
  const { instrument } = market;
  const side = parseSide(params);
  const type = parseType(params);
  refuseUnread(type, params);
  const timeInForce = type === "LIMIT" ? parseTimeInForce(params) : "GTC";
  const clientOrderId = params.clientId("newClientOrderId") ?? newClientId();
  const prevention = parsePrevention(params);
  const strategyId = params.id("strategyId");
  const strategyType = params.id("strategyType");
  if (strategyType !== undefined && strategyType < 1_000_000) throw refuse.badStrategyType();

  if (type !== "MARKET") for (const name of ["quantity", "price"]) params.required(name);
  const quantity = params.decimal("quantity");
  const quote = params.decimal("quoteOrderQty");
  const price = params.decimal("price");
  if (type === "MARKET" && quantity !== undefined && quote !== undefined) throw refuse.badCombination();
  if (quantity === undefined && quote === undefined) throw refuse.missing("quantity");
  if (!instrument.trading) throw refuse.marketClosed();

  const priceTicks = price === undefined ? 0 : priceTicksOf(instrument, price);
  const lots = quantity === undefined ? 0 : lotsOf(instrument, quantity);
  const quoteUnits = quote === undefined ? 0n : quoteUnitsOf(instrument, quote);
  if (quantity !== undefined) checkNotional(market, type, priceTicks, lots, nowUs);
  checkOpenOrders(market.ledger.openCount(account.index));
  return {
    account,
    side,
    type,
    timeInForce,
    priceTicks,
    lots,
    quoteUnits,
    clientOrderId,
    prevention,
    strategyId,
    strategyType,
  };
}

/** How much the answer tells: FULL for LIMIT and MARKET, ACK for others, unless asked. @throws {VenueRefusal} -1130. */
export function parseResponseType(params: Params, type: OrderType): ResponseType {
  const asked = params.text("newOrderRespType");
  if (asked === undefined) return type === "LIMIT_MAKER" ? "ACK" : "FULL";
  if (asked !== "ACK" && asked !== "RESULT" && asked !== "FULL") throw refuse.badData("newOrderRespType");
  return asked;
}

function parseSide(params: Params): Side {
  const side = params.required("side");
  if (side !== "BUY" && side !== "SELL") throw refuse.badSide();
  return side;
}

function parseType(params: Params): OrderType {
  const type = params.required("type");
  if (type === "LIMIT" || type === "MARKET" || type === "LIMIT_MAKER") return type;
  const known = UNSUPPORTED_TYPES.get(type);
  throw known === undefined ? refuse.badType() : refuse.typeNotSupported(known);
}

function parseTimeInForce(params: Params): TimeInForce {
  const timeInForce = params.required("timeInForce");
  if (timeInForce !== "GTC" && timeInForce !== "IOC" && timeInForce !== "FOK") throw refuse.badTimeInForce();
  return timeInForce;
}

function parsePrevention(params: Params): OrderRequest["prevention"] {
  const asked = params.text("selfTradePreventionMode") ?? DEFAULT_PREVENTION;
  const mode = PREVENTION_MODES.find((allowed) => allowed === asked);
  if (mode === undefined) throw refuse.preventionNotAllowed();
  return mode;
}

// What another order type reads, this one must not get.
function refuseUnread(type: OrderType, params: Params): void {
  const unread = ["stopPrice", "trailingDelta"];
  if (type === "MARKET") unread.push("price", "timeInForce", "icebergQty");
  else unread.push("quoteOrderQty");
  if (type === "LIMIT_MAKER") unread.push("timeInForce");
  for (const name of unread) if (params.has(name)) throw refuse.notRequired(name);
  if (params.has("icebergQty")) throw refuse.rejected("Iceberg orders are not supported for this symbol.");
}
