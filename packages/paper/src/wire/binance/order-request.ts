import type { Account } from "../../engine/accounts.ts";
import type { Side } from "../../engine/book-side.ts";
import type { Market } from "../../engine/market.ts";
import type { TimeInForce } from "../../engine/matching-engine.ts";
import type { OrderRequest, OrderType } from "../../engine/order.ts";
import { refuse } from "./errors.ts";
import { checkCounts, checkOrder, lotsOf, priceTicksOf, quoteUnitsOf } from "./filters.ts";
import { type LegNames, legNames } from "./leg-names.ts";
import type { ResponseType } from "./order-json.ts";
import type { Params } from "./params.ts";

const OWN = legNames("");

/** Names that an order may carry. */
export const ORDER_PARAMS: readonly string[] = [
  "symbol",
  ...Object.values(OWN),
  "newOrderRespType",
  "selfTradePreventionMode",
];

/** Modes that an order may ask for; the venue's TRANSFER, which needs groups of accounts, is refused. */
export const PREVENTION_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"] as const;

export const DEFAULT_PREVENTION = "EXPIRE_MAKER";

/** Every order type that the exchange takes. */
export const ORDER_TYPES = [
  "LIMIT",
  "LIMIT_MAKER",
  "MARKET",
  "STOP_LOSS",
  "STOP_LOSS_LIMIT",
  "TAKE_PROFIT",
  "TAKE_PROFIT_LIMIT",
] as const satisfies readonly OrderType[];

type Field = "price" | "timeInForce" | "quoteOrderQty" | "icebergQty" | "stopPrice" | "trailingDelta";

/** What an order of a type must carry besides its size, and what it must not. Source: rest-api.md, "New order". */
const RULES: Readonly<Record<OrderType, { readonly needs: readonly Field[]; readonly refuses: readonly Field[] }>> = {
  LIMIT: { needs: ["timeInForce", "price"], refuses: ["stopPrice", "trailingDelta", "quoteOrderQty"] },
  LIMIT_MAKER: { needs: ["price"], refuses: ["stopPrice", "trailingDelta", "quoteOrderQty", "timeInForce"] },
  MARKET: { needs: [], refuses: ["stopPrice", "trailingDelta", "price", "timeInForce", "icebergQty"] },
  STOP_LOSS: { needs: [], refuses: ["price", "timeInForce", "icebergQty", "quoteOrderQty"] },
  STOP_LOSS_LIMIT: { needs: ["timeInForce", "price"], refuses: ["quoteOrderQty"] },
  TAKE_PROFIT: { needs: [], refuses: ["price", "timeInForce", "icebergQty", "quoteOrderQty"] },
  TAKE_PROFIT_LIMIT: { needs: ["timeInForce", "price"], refuses: ["quoteOrderQty"] },
};

/** What a leg gets from elsewhere than its own parameters. */
export interface LegContext {
  readonly market: Market;
  readonly account: Account;
  readonly params: Params;
  readonly newClientId: () => string;
  readonly nowUs: number;
  readonly prevention: OrderRequest["prevention"];
  /** Of a list whose legs share it; else read from the leg. */
  readonly side?: Side;
  /** Of a list whose legs share it, and 0 where it is not known yet; else read from the leg. */
  readonly lots?: number;
}

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
  const prevention = parsePrevention(params);
  const request = parseLeg({ market, account, params, newClientId, nowUs, prevention }, OWN);
  checkCounts(market, [request], false);
  return request;
}

/** Reads one order of a list, or the order itself. Throws as `parseOrder`; counts of open orders are not checked. */
export function parseLeg(context: LegContext, names: LegNames): OrderRequest {
  const { market, params } = context;
  const { instrument } = market;
  const side = context.side ?? parseSide(params, names.side);
  const type = parseType(params, names.type);
  const { needs, refuses } = RULES[type];
  for (const field of refuses) if (params.has(names[field])) throw refuse.notRequired(names[field]);
  for (const field of needs) params.required(names[field]);
  const isTriggered = type !== "LIMIT" && type !== "LIMIT_MAKER" && type !== "MARKET";
  if (isTriggered && !params.has(names.stopPrice) && !params.has(names.trailingDelta)) {
    throw refuse.missingEither(names.stopPrice, names.trailingDelta);
  }
  const timeInForce = needs.includes("timeInForce") ? parseTimeInForce(params, names.timeInForce) : "GTC";
  const clientOrderId = params.clientId(names.clientOrderId) ?? context.newClientId();
  const strategyId = params.id(names.strategyId);
  const strategyType = params.id(names.strategyType);
  if (strategyType !== undefined && strategyType < 1_000_000) throw refuse.badStrategyType();

  const quote = params.decimal(names.quoteOrderQty);
  const quantity = context.lots === undefined ? parseQuantity(params, names, type, quote) : undefined;
  const price = params.decimal(names.price);
  const stopPrice = params.decimal(names.stopPrice);
  const iceberg = params.decimal(names.icebergQty);
  const trailingDelta = params.id(names.trailingDelta) ?? 0;
  if (params.has(names.trailingDelta) && trailingDelta === 0) throw refuse.filter("TRAILING_DELTA");
  if (!instrument.trading) throw refuse.marketClosed();

  const icebergLots = iceberg === undefined ? 0 : lotsOf(instrument, iceberg);
  if (icebergLots > 0 && timeInForce !== "GTC") {
    if (names === OWN) throw refuse.rejected("Unsupported order combination");
    throw refuse.icebergNeedsGtc(names.icebergQty, names.timeInForce);
  }
  const request: OrderRequest = {
    account: context.account,
    side,
    type,
    timeInForce,
    priceTicks: price === undefined ? 0 : priceTicksOf(instrument, price),
    lots: context.lots ?? (quantity === undefined ? 0 : lotsOf(instrument, quantity)),
    quoteUnits: quote === undefined ? 0n : quoteUnitsOf(instrument, quote),
    clientOrderId,
    prevention: context.prevention,
    icebergLots,
    stopTicks: stopPrice === undefined ? 0 : priceTicksOf(instrument, stopPrice),
    trailingDelta,
    strategyId,
    strategyType,
  };
  checkOrder(market, request, context.nowUs);
  return request;
}

/** How much the answer tells: FULL for LIMIT and MARKET, ACK for others, unless asked. @throws {VenueRefusal} -1130. */
export function parseResponseType(params: Params, type: OrderType): ResponseType {
  const asked = params.text("newOrderRespType");
  if (asked === undefined) return type === "LIMIT" || type === "MARKET" ? "FULL" : "ACK";
  if (asked !== "ACK" && asked !== "RESULT" && asked !== "FULL") throw refuse.badData("newOrderRespType");
  return asked;
}

/** @throws {VenueRefusal} -1013 for a mode that the symbol does not allow. */
export function parsePrevention(params: Params): OrderRequest["prevention"] {
  const asked = params.text("selfTradePreventionMode") ?? DEFAULT_PREVENTION;
  const mode = PREVENTION_MODES.find((allowed) => allowed === asked);
  if (mode === undefined) throw refuse.preventionNotAllowed();
  return mode;
}

/** @throws {VenueRefusal} -1117. */
export function parseSide(params: Params, name: string): Side {
  const side = params.required(name);
  if (side !== "BUY" && side !== "SELL") throw refuse.badSide();
  return side;
}

/** @throws {VenueRefusal} -1116. */
export function parseType(params: Params, name: string): OrderType {
  const text = params.required(name);
  const type = ORDER_TYPES.find((known) => known === text);
  if (type === undefined) throw refuse.badType();
  return type;
}

function parseTimeInForce(params: Params, name: string): TimeInForce {
  const timeInForce = params.required(name);
  if (timeInForce !== "GTC" && timeInForce !== "IOC" && timeInForce !== "FOK") throw refuse.badTimeInForce();
  return timeInForce;
}

function parseQuantity(
  params: Params,
  names: LegNames,
  type: OrderType,
  quote: string | undefined,
): string | undefined {
  if (type !== "MARKET") params.required(names.quantity);
  const quantity = params.decimal(names.quantity);
  if (quantity !== undefined && quote !== undefined) throw refuse.badCombination();
  if (quantity === undefined && quote === undefined) throw refuse.missing(names.quantity);
  return quantity;
}
