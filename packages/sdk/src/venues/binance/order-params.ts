import type { AmendRequest, OrderRef, OrderRequest, SelfTradePrevention, Side } from "../../model/order.ts";
import { formatScaled, formatUnits } from "../../model/scale.ts";
import type { Params } from "./sign.ts";

/** Binance's word for each kind of order. Source: rest-api.md, "New order", 2026-07. */
const ORDER_TYPES: Readonly<Record<OrderRequest["type"], string>> = {
  limit: "LIMIT",
  postOnly: "LIMIT_MAKER",
  market: "MARKET",
  marketByQuote: "MARKET",
  stop: "STOP_LOSS",
  stopLimit: "STOP_LOSS_LIMIT",
  takeProfit: "TAKE_PROFIT",
  takeProfitLimit: "TAKE_PROFIT_LIMIT",
};

const PREVENTIONS: Readonly<Record<SelfTradePrevention, string>> = {
  none: "NONE",
  expireTaker: "EXPIRE_TAKER",
  expireMaker: "EXPIRE_MAKER",
  expireBoth: "EXPIRE_BOTH",
  decrement: "DECREMENT",
};

/** An order as the parameters of a new order call: behind the symbol in the order of their names, in which the WebSocket API has them signed. */
export function toOrderParams(request: OrderRequest): Params {
  const { instrument, selfTradePrevention, type } = request;
  const { priceDecimals, sizeDecimals, venueSymbol } = instrument;
  // By kind, not by what is there: a field that the kind does not have must not reach the venue.
  const isTriggered = type === "stop" || type === "stopLimit" || type === "takeProfit" || type === "takeProfitLimit";
  const isPriced = type === "limit" || type === "postOnly" || type === "stopLimit" || type === "takeProfitLimit";
  const params: Record<string, string | number | boolean> = { symbol: venueSymbol };
  if (isPriced && request.icebergLots !== undefined)
    params["icebergQty"] = formatScaled(request.icebergLots, sizeDecimals);
  params["newClientOrderId"] = request.clientOrderId;
  params["newOrderRespType"] = "FULL"; // brings the fills of the moment with the answer
  if (isPriced) params["price"] = formatScaled(request.priceTicks, priceDecimals);
  if (type === "marketByQuote") params["quoteOrderQty"] = formatUnits(request.quoteAmount);
  else params["quantity"] = formatScaled(request.sizeLots, sizeDecimals);
  if (selfTradePrevention !== undefined) params["selfTradePreventionMode"] = PREVENTIONS[selfTradePrevention];
  params["side"] = toSide(request.side);
  if (isTriggered && request.triggerTicks !== undefined) {
    params["stopPrice"] = formatScaled(request.triggerTicks, priceDecimals);
  }
  if (isPriced && type !== "postOnly") params["timeInForce"] = request.timeInForce;
  if (isTriggered && request.trailingBps !== undefined) params["trailingDelta"] = request.trailingBps;
  params["type"] = ORDER_TYPES[type];
  return params;
}

/** An order that is meant, by its client order id. */
export function toRefParams({ instrument, clientOrderId }: OrderRef): Params {
  return { symbol: instrument.venueSymbol, origClientOrderId: clientOrderId };
}

/** The parameters of an amendment. The order keeps its client order id: the venue would make up another one. */
export function toAmendParams({ instrument, clientOrderId, sizeLots }: AmendRequest): Params {
  return {
    symbol: instrument.venueSymbol,
    newClientOrderId: clientOrderId,
    newQty: formatScaled(sizeLots, instrument.sizeDecimals),
    origClientOrderId: clientOrderId,
  };
}

/** The parameters of a cancel that is followed by a new order only if it succeeds. */
export function toReplaceParams(ref: OrderRef, request: OrderRequest): Params {
  return {
    ...toOrderParams(request),
    cancelReplaceMode: "STOP_ON_FAILURE",
    cancelOrigClientOrderId: ref.clientOrderId,
  };
}

export function toSide(side: Side): string {
  return side === "buy" ? "BUY" : "SELL";
}
