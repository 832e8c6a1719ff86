import type { Fill, Order } from "../../engine/order.ts";
import type { Instrument } from "../../instruments.ts";
import { formatUnits } from "../../scale.ts";
import { price, size, ZERO_TEXT } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** How much of an order a placement answers with. */
export type ResponseType = "ACK" | "RESULT" | "FULL";

/** The answer to `POST order`. */
export function placedJson(instrument: Instrument, order: Order, type: ResponseType, unit: TimeUnit): object {
  const ack = {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: inUnit(order.updatedUs, unit),
  };
  if (type === "ACK") return ack;
  const result = {
    ...ack,
    ...stateJson(instrument, order),
    workingTime: inUnit(order.createdUs, unit),
    selfTradePreventionMode: order.request.prevention,
    ...conditionalJson(instrument, order),
  };
  return type === "RESULT" ? result : { ...result, fills: order.fills.map((fill) => fillJson(instrument, fill)) };
}

/** The answer to `GET order`, and a row of the lists of orders. */
export function orderJson(instrument: Instrument, order: Order, unit: TimeUnit): object {
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    ...stateJson(instrument, order),
    stopPrice: ZERO_TEXT,
    icebergQty: ZERO_TEXT,
    time: inUnit(order.createdUs, unit),
    updateTime: inUnit(order.updatedUs, unit),
    isWorking: true,
    workingTime: inUnit(order.createdUs, unit),
    selfTradePreventionMode: order.request.prevention,
    ...conditionalJson(instrument, order),
  };
}

/** The answer to `DELETE order`. */
export function canceledJson(instrument: Instrument, order: Order, unit: TimeUnit): object {
  return {
    symbol: instrument.symbol,
    origClientOrderId: order.originalClientOrderId,
    orderId: order.id,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: inUnit(order.updatedUs, unit),
    ...stateJson(instrument, order),
    selfTradePreventionMode: order.request.prevention,
    ...conditionalJson(instrument, order),
  };
}

/** A row of `GET myTrades`. */
export function myTradeJson(instrument: Instrument, fill: Fill, unit: TimeUnit): object {
  return {
    symbol: instrument.symbol,
    id: fill.tradeId,
    orderId: fill.order.id,
    orderListId: -1,
    price: price(instrument, fill.priceTicks),
    qty: size(instrument, fill.lots),
    quoteQty: formatUnits(fill.quoteUnits),
    commission: formatUnits(fill.commissionUnits),
    commissionAsset: fill.commissionAsset,
    time: inUnit(fill.atUs, unit),
    isBuyer: fill.order.side === "BUY",
    isMaker: fill.isMaker,
    isBestMatch: true,
  };
}

function stateJson(instrument: Instrument, order: Order) {
  const { request } = order;
  return {
    price: price(instrument, request.priceTicks),
    origQty: size(instrument, order.lots),
    executedQty: size(instrument, order.filledLots),
    origQuoteOrderQty: formatUnits(request.quoteUnits),
    cummulativeQuoteQty: formatUnits(order.filledQuoteUnits),
    status: order.status,
    timeInForce: request.timeInForce,
    type: request.type,
    side: order.side,
  };
}

function conditionalJson(instrument: Instrument, { request, preventedLots, preventedMatchId, expiryReason }: Order) {
  return {
    ...(request.strategyId === undefined ? {} : { strategyId: request.strategyId }),
    ...(request.strategyType === undefined ? {} : { strategyType: request.strategyType }),
    ...(preventedLots === 0 ? {} : { preventedMatchId, preventedQuantity: size(instrument, preventedLots) }),
    ...(expiryReason === "NONE" ? {} : { expiryReason }),
  };
}

function fillJson(instrument: Instrument, fill: Fill) {
  return {
    price: price(instrument, fill.priceTicks),
    qty: size(instrument, fill.lots),
    commission: formatUnits(fill.commissionUnits),
    commissionAsset: fill.commissionAsset,
    tradeId: fill.tradeId,
  };
}
