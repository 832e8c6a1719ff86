import type { Amendment, Fill, Order, PreventedMatch } from "../../engine/order.ts";
import type { Instrument } from "../../instruments.ts";
import { formatUnits } from "../../scale.ts";
import { price, RawJson, size, ZERO_TEXT } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** How much of an order a placement answers with. */
export type ResponseType = "ACK" | "RESULT" | "FULL";

/**
 * The answer to `POST order`. Put together as text, with the fields in the venue's order: it is made for every order, and
 * JSON.stringify takes several times as long.
 */
export function placedJson(instrument: Instrument, order: Order, type: ResponseType, unit: TimeUnit): RawJson {
  const { request } = order;
  const ack = `{"symbol":"${instrument.symbol}","orderId":${order.id},"orderListId":${listId(order)},"clientOrderId":"${order.clientOrderId}","transactTime":${inUnit(order.updatedUs, unit)}`;
  if (type === "ACK") return new RawJson(`${ack}}`);
  const more = moreText(conditionalJson(instrument, order, unit));
  const result = `${ack},${stateText(instrument, order)},"workingTime":${workingTime(order, unit)},"selfTradePreventionMode":"${request.prevention}"${more}`;
  if (type === "RESULT") return new RawJson(`${result}}`);
  const prevented = order.preventions?.map((match) => preventedJson(instrument, match));
  const preventedText = prevented === undefined ? "" : `,"preventedMatches":${JSON.stringify(prevented)}`;
  return new RawJson(`${result},"fills":[${fillsText(instrument, order.fills)}]${preventedText}}`);
}

/**
 * A pending leg in the answer to its list's placement: as it was accepted, even where the working order was filled at once and it works
 * already. What an OPO list will sell is not known then.
 */
export function pendingJson(instrument: Instrument, order: Order, type: ResponseType, unit: TimeUnit): object {
  const ack = ackJson(instrument, order, order.createdUs, unit);
  if (type === "ACK") return ack;
  const { request } = order;
  const lots = request.lots === 0 ? {} : { origQty: size(instrument, request.lots) };
  return {
    ...ack,
    price: price(instrument, request.priceTicks),
    ...lots,
    executedQty: ZERO_TEXT,
    origQuoteOrderQty: ZERO_TEXT,
    cummulativeQuoteQty: ZERO_TEXT,
    status: "PENDING_NEW",
    timeInForce: request.timeInForce,
    type: request.type,
    side: order.side,
    workingTime: -1,
    selfTradePreventionMode: request.prevention,
    ...askedJson(instrument, order),
  };
}

/** The answer to `GET order`, and a row of the lists of orders. */
export function orderJson(instrument: Instrument, order: Order, unit: TimeUnit): object {
  const { request } = order;
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: listId(order),
    clientOrderId: order.clientOrderId,
    ...(JSON.parse(`{${stateText(instrument, order)}}`) as object),
    time: inUnit(order.createdUs, unit),
    updateTime: inUnit(order.updatedUs, unit),
    isWorking: order.workingUs >= 0,
    workingTime: workingTime(order, unit),
    selfTradePreventionMode: request.prevention,
    ...conditionalJson(instrument, order, unit),
    stopPrice: price(instrument, request.stopTicks ?? 0),
    icebergQty: size(instrument, request.icebergLots ?? 0),
  };
}

/** The answer to `DELETE order`, as text like the one to `POST order`. */
export function canceledJson(instrument: Instrument, order: Order, unit: TimeUnit): RawJson {
  const more = moreText(conditionalJson(instrument, order, unit));
  return new RawJson(
    `{"symbol":"${instrument.symbol}","origClientOrderId":"${order.originalClientOrderId}","orderId":${order.id},"orderListId":${listId(order)},"clientOrderId":"${order.clientOrderId}","transactTime":${inUnit(order.updatedUs, unit)},${stateText(instrument, order)},"selfTradePreventionMode":"${order.request.prevention}"${more}}`,
  );
}

/** `amendedOrder` in the answer to an amendment, which has names of its own for the quantities. */
export function amendedJson(instrument: Instrument, order: Order, amendment: Amendment, unit: TimeUnit): object {
  const { request } = order;
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: listId(order),
    origClientOrderId: amendment.originalClientOrderId,
    clientOrderId: amendment.newClientOrderId,
    price: price(instrument, request.priceTicks),
    qty: size(instrument, order.lots),
    executedQty: size(instrument, order.filledLots),
    preventedQty: size(instrument, order.preventedLots),
    quoteOrderQty: formatUnits(request.quoteUnits),
    cumulativeQuoteQty: formatUnits(order.filledQuoteUnits),
    status: order.status,
    timeInForce: request.timeInForce,
    type: request.type,
    side: order.side,
    ...(order.workingUs < 0 ? {} : { workingTime: workingTime(order, unit) }),
    selfTradePreventionMode: request.prevention,
    ...askedJson(instrument, order),
  };
}

/** A row of `GET order/amendments`. */
export function amendmentJson(instrument: Instrument, order: Order, amendment: Amendment, unit: TimeUnit): object {
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    executionId: amendment.executionId,
    origClientOrderId: amendment.originalClientOrderId,
    newClientOrderId: amendment.newClientOrderId,
    origQty: size(instrument, amendment.originalLots),
    newQty: size(instrument, amendment.newLots),
    time: inUnit(amendment.atUs, unit),
  };
}

/** A row of `GET myTrades`. */
export function myTradeJson(instrument: Instrument, fill: Fill, unit: TimeUnit): object {
  return {
    symbol: instrument.symbol,
    id: fill.tradeId,
    orderId: fill.order.id,
    orderListId: listId(fill.order),
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

/** A row of `GET myPreventedMatches`. The trade group is -1: accounts have none. */
export function myPreventedJson(instrument: Instrument, match: PreventedMatch, unit: TimeUnit): object {
  const { makerOrderId, price: at, preventedMatchId, ...quantities } = preventedJson(instrument, match);
  return {
    symbol: instrument.symbol,
    preventedMatchId,
    takerOrderId: match.taker.id,
    makerSymbol: instrument.symbol,
    makerOrderId,
    tradeGroupId: -1,
    selfTradePreventionMode: match.mode,
    price: at,
    ...quantities,
    transactTime: inUnit(match.atUs, unit),
  };
}

function preventedJson(instrument: Instrument, { id, maker, priceTicks, takerLots, makerLots }: PreventedMatch) {
  return {
    preventedMatchId: id,
    makerOrderId: maker.id,
    price: price(instrument, priceTicks),
    ...(takerLots === 0 ? {} : { takerPreventedQuantity: size(instrument, takerLots) }),
    ...(makerLots === 0 ? {} : { makerPreventedQuantity: size(instrument, makerLots) }),
  };
}

function ackJson(instrument: Instrument, order: Order, atUs: number, unit: TimeUnit) {
  return {
    symbol: instrument.symbol,
    orderId: order.id,
    orderListId: listId(order),
    clientOrderId: order.clientOrderId,
    transactTime: inUnit(atUs, unit),
  };
}

// Fields that only some orders have. Most have none, and get no object of their own for them.
function conditionalJson(instrument: Instrument, order: Order, unit: TimeUnit): object | undefined {
  const { request, trigger, preventedLots, preventedMatchId, expiryReason } = order;
  const isPlain =
    trigger === null &&
    preventedLots === 0 &&
    expiryReason === "NONE" &&
    order.icebergLots === 0 &&
    request.strategyId === undefined &&
    request.strategyType === undefined;
  if (isPlain) return undefined;
  return {
    ...askedJson(instrument, order),
    ...(trigger === null || trigger.trailingUs < 0 ? {} : { trailingTime: inUnit(trigger.trailingUs, unit) }),
    ...(preventedLots === 0 ? {} : { preventedMatchId, preventedQuantity: size(instrument, preventedLots) }),
    ...(expiryReason === "NONE" ? {} : { expiryReason }),
  };
}

function askedJson(instrument: Instrument, { request }: Order) {
  const { stopTicks = 0, icebergLots = 0, trailingDelta = 0, strategyId, strategyType } = request;
  return {
    ...(stopTicks === 0 ? {} : { stopPrice: price(instrument, stopTicks) }),
    ...(icebergLots === 0 ? {} : { icebergQty: size(instrument, icebergLots) }),
    ...(trailingDelta === 0 ? {} : { trailingDelta }),
    ...(strategyId === undefined ? {} : { strategyId }),
    ...(strategyType === undefined ? {} : { strategyType }),
  };
}

// Nothing in it that JSON would escape: ids are checked, all else is numbers and the venue's words.
function stateText(instrument: Instrument, order: Order): string {
  const { request } = order;
  return `"price":"${price(instrument, request.priceTicks)}","origQty":"${size(instrument, order.lots)}","executedQty":"${size(instrument, order.filledLots)}","origQuoteOrderQty":"${formatUnits(request.quoteUnits)}","cummulativeQuoteQty":"${formatUnits(order.filledQuoteUnits)}","status":"${order.status}","timeInForce":"${request.timeInForce}","type":"${request.type}","side":"${order.side}"`;
}

function moreText(fields: object | undefined): string {
  const text = fields === undefined ? "" : JSON.stringify(fields).slice(1, -1);
  return text === "" ? "" : `,${text}`;
}

function fillsText(instrument: Instrument, fills: readonly Fill[]): string {
  let text = "";
  for (const fill of fills) {
    text += `${text === "" ? "" : ","}{"price":"${price(instrument, fill.priceTicks)}","qty":"${size(instrument, fill.lots)}","commission":"${formatUnits(fill.commissionUnits)}","commissionAsset":"${fill.commissionAsset}","tradeId":${fill.tradeId}}`;
  }
  return text;
}

function listId({ list }: Order): number {
  return list === null ? -1 : list.id;
}

function workingTime({ workingUs }: Order, unit: TimeUnit): number {
  return workingUs < 0 ? -1 : inUnit(workingUs, unit);
}
