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

type TriggeredRequest = Extract<OrderRequest, { readonly trailingBps?: number }>;

const PREVENTIONS: Readonly<Record<SelfTradePrevention, string>> = {
  none: "NONE",
  expireTaker: "EXPIRE_TAKER",
  expireMaker: "EXPIRE_MAKER",
  expireBoth: "EXPIRE_BOTH",
  decrement: "DECREMENT",
};

/** An order as the parameters of a new order call. */
export function toOrderParams(request: OrderRequest): Params {
  const { instrument, selfTradePrevention } = request;
  const params: Record<string, string | number | boolean> = {
    symbol: instrument.venueSymbol,
    type: ORDER_TYPES[request.type],
    side: toSide(request.side),
    newClientOrderId: request.clientOrderId,
    newOrderRespType: "FULL", // brings the fills of the moment with the answer
  };
  if (selfTradePrevention !== undefined) params["selfTradePreventionMode"] = PREVENTIONS[selfTradePrevention];
  if (request.type === "marketByQuote") {
    params["quoteOrderQty"] = formatUnits(request.quoteAmount);
    return params;
  }
  params["quantity"] = formatScaled(request.sizeLots, instrument.sizeDecimals);
  // By kind, not by what is there: a field that the kind does not have must not reach the venue.
  switch (request.type) {
    case "limit":
      params["timeInForce"] = request.timeInForce;
      break;
    case "stopLimit":
    case "takeProfitLimit":
      params["timeInForce"] = request.timeInForce;
      addTrigger(params, request);
      break;
    case "stop":
    case "takeProfit":
      addTrigger(params, request);
      return params;
    case "market":
      return params;
  }
  params["price"] = formatScaled(request.priceTicks, instrument.priceDecimals);
  if (request.icebergLots !== undefined) {
    params["icebergQty"] = formatScaled(request.icebergLots, instrument.sizeDecimals);
  }
  return params;
}

function addTrigger(params: Record<string, string | number | boolean>, request: TriggeredRequest): void {
  const { instrument, triggerTicks, trailingBps } = request;
  if (triggerTicks !== undefined) params["stopPrice"] = formatScaled(triggerTicks, instrument.priceDecimals);
  if (trailingBps !== undefined) params["trailingDelta"] = trailingBps;
}

/** An order that is meant, by its client order id. */
export function toRefParams({ instrument, clientOrderId }: OrderRef): Params {
  return { symbol: instrument.venueSymbol, origClientOrderId: clientOrderId };
}

/** The parameters of an amendment. The order keeps its client order id: the venue would make up another one. */
export function toAmendParams({ instrument, clientOrderId, sizeLots }: AmendRequest): Params {
  return {
    symbol: instrument.venueSymbol,
    origClientOrderId: clientOrderId,
    newClientOrderId: clientOrderId,
    newQty: formatScaled(sizeLots, instrument.sizeDecimals),
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
