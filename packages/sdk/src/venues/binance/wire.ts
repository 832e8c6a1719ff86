import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { Balance, Fill, OrderReport, Side, VenueOrderStatus } from "../../model/order.ts";
import { type Fields, flagOf, integerOf, scaledOf, textOf, timeUsOf, toFields, toList, unitsOf } from "./fields.ts";

// Binance's words for orders, fills and balances, checked and mapped. Every `parse` takes what JSON.parse gave and throws a
// ProtocolError that names the field.

const STATUSES: ReadonlyMap<string, VenueOrderStatus> = new Map([
  ["NEW", "accepted"],
  ["PENDING_NEW", "accepted"],
  ["PENDING_CANCEL", "accepted"],
  ["PARTIALLY_FILLED", "partiallyFilled"],
  ["FILLED", "filled"],
  ["CANCELED", "cancelled"],
  ["EXPIRED", "expired"],
  ["EXPIRED_IN_MATCH", "expired"],
  ["REJECTED", "rejected"],
]);

/** The answer to a new order, in its FULL form: the fills of the moment are in it, all of them taking. */
export function parseNewOrder(value: unknown, instrument: Instrument): OrderReport {
  const where = "new order";
  const order = toFields(where, value);
  checkSymbol(where, order, instrument);
  const atUs = timeUsOf(where, order, "transactTime");
  const report = orderReport(where, order, instrument, textOf(where, order, "clientOrderId"), atUs);
  const fills = toList(`${where}: "fills"`, order["fills"]).map((item): Fill => {
    const fill = toFields(`${where}: fill`, item);
    return {
      instrument,
      clientOrderId: report.clientOrderId,
      venueOrderId: report.venueOrderId,
      tradeId: String(integerOf(where, fill, "tradeId")),
      side: report.side,
      priceTicks: scaledOf(where, fill, "price", instrument.priceDecimals),
      sizeLots: scaledOf(where, fill, "qty", instrument.sizeDecimals),
      fee: unitsOf(where, fill, "commission"),
      feeAsset: textOf(where, fill, "commissionAsset"),
      isMaker: false,
      atUs,
    };
  });
  if (fills.length === 0) return report;
  const { status, side, sizeLots, filledLots } = report;
  const filled: OrderReport = {
    instrument,
    clientOrderId: report.clientOrderId,
    venueOrderId: report.venueOrderId,
    status,
    side,
    sizeLots,
    filledLots,
    fills,
    atUs,
  };
  return report.reason === undefined ? filled : { ...filled, reason: report.reason };
}

/** The answer to a cancel. It carries an id of its own: the order's is `origClientOrderId`. */
export function parseCancel(value: unknown, instrument: Instrument): OrderReport {
  const where = "cancel";
  const order = toFields(where, value);
  checkSymbol(where, order, instrument);
  const clientOrderId = textOf(where, order, "origClientOrderId");
  return orderReport(where, order, instrument, clientOrderId, timeUsOf(where, order, "transactTime"));
}

/** An order in the RESULT form, as the answers about lists have it: no fills. */
export function parseListedOrder(value: unknown, instrument: Instrument): OrderReport {
  const where = "listed order";
  const order = toFields(where, value);
  checkSymbol(where, order, instrument);
  const clientOrderId = textOf(where, order, "clientOrderId");
  return orderReport(where, order, instrument, clientOrderId, timeUsOf(where, order, "transactTime"));
}

/** One order as a query gives it: no fills. */
export function parseOrder(value: unknown, instrument: Instrument): OrderReport {
  const where = "order";
  const order = toFields(where, value);
  checkSymbol(where, order, instrument);
  const clientOrderId = textOf(where, order, "clientOrderId");
  return orderReport(where, order, instrument, clientOrderId, timeUsOf(where, order, "updateTime"));
}

/** One row of myTrades. It names no client order id: that of the result is empty. */
export function parseOwnTrade(value: unknown, instrument: Instrument): Fill {
  const where = "own trade";
  const trade = toFields(where, value);
  checkSymbol(where, trade, instrument);
  return {
    instrument,
    clientOrderId: "",
    venueOrderId: String(integerOf(where, trade, "orderId")),
    tradeId: String(integerOf(where, trade, "id")),
    side: flagOf(where, trade, "isBuyer") ? "buy" : "sell",
    priceTicks: scaledOf(where, trade, "price", instrument.priceDecimals),
    sizeLots: scaledOf(where, trade, "qty", instrument.sizeDecimals),
    fee: unitsOf(where, trade, "commission"),
    feeAsset: textOf(where, trade, "commissionAsset"),
    isMaker: flagOf(where, trade, "isMaker"),
    atUs: timeUsOf(where, trade, "time"),
  };
}

/** The answer to an amendment, whose order has fields of its own names. Source: rest-api.md, "Order Amend Keep Priority", 2026-07. */
export function parseAmend(value: unknown, instrument: Instrument): OrderReport {
  const where = "amend";
  const reply = toFields(where, value);
  const order = toFields(`${where}: "amendedOrder"`, reply["amendedOrder"]);
  checkSymbol(where, order, instrument);
  const clientOrderId = textOf(where, order, "clientOrderId");
  const atUs = timeUsOf(where, reply, "transactTime");
  return orderReport(where, { ...order, origQty: order["qty"] }, instrument, clientOrderId, atUs);
}

/** Balances of an account reply, those that are not zero. */
export function parseAccount(value: unknown): ReadonlyMap<string, Balance> {
  const account = toFields("account", value);
  const balances = new Map<string, Balance>();
  for (const item of toList('account: "balances"', account["balances"])) {
    const row = toFields("account: balance", item);
    const balance = { free: unitsOf("account", row, "free"), locked: unitsOf("account", row, "locked") };
    if (balance.free !== 0n || balance.locked !== 0n) balances.set(textOf("account", row, "asset"), balance);
  }
  return balances;
}

/** Balances of an outboundAccountPosition event: those that may have changed, zero ones too. */
export function parseAccountPosition(event: Fields): ReadonlyMap<string, Balance> {
  const where = "outboundAccountPosition";
  const balances = new Map<string, Balance>();
  for (const item of toList(`${where}: "B"`, event["B"])) {
    const row = toFields(`${where}: balance`, item);
    balances.set(textOf(where, row, "a"), { free: unitsOf(where, row, "f"), locked: unitsOf(where, row, "l") });
  }
  return balances;
}

/** An executionReport event. Of a cancel, `c` is the cancel's own id and `C` the order's. */
export function parseExecutionReport(event: Fields, instrument: Instrument): OrderReport {
  const where = "executionReport";
  checkSymbol(where, event, instrument, "s");
  const original = textOf(where, event, "C");
  const clientOrderId = original === "" ? textOf(where, event, "c") : original;
  const venueOrderId = String(integerOf(where, event, "i"));
  const side = sideOf(where, event, "S");
  const atUs = timeUsOf(where, event, "T");
  const report: OrderReport = {
    instrument,
    clientOrderId,
    venueOrderId,
    status: statusOf(where, event, "X"),
    side,
    sizeLots: scaledOf(where, event, "q", instrument.sizeDecimals),
    filledLots: scaledOf(where, event, "z", instrument.sizeDecimals),
    fills: [],
    atUs,
  };
  if (textOf(where, event, "x") !== "TRADE") return withReason(report, event["eR"], event["r"]);
  const fee = event["n"] === null ? 0n : unitsOf(where, event, "n");
  const fill: Fill = {
    instrument,
    clientOrderId,
    venueOrderId,
    tradeId: String(integerOf(where, event, "t")),
    side,
    priceTicks: scaledOf(where, event, "L", instrument.priceDecimals),
    sizeLots: scaledOf(where, event, "l", instrument.sizeDecimals),
    fee,
    // The venue names no asset when it takes nothing.
    feeAsset: fee === 0n && event["N"] === null ? instrument.quote : textOf(where, event, "N"),
    isMaker: flagOf(where, event, "m"),
    atUs,
  };
  return { ...report, fills: [fill] };
}

function orderReport(
  where: string,
  order: Fields,
  instrument: Instrument,
  clientOrderId: string,
  atUs: number,
): OrderReport {
  const report: OrderReport = {
    instrument,
    clientOrderId,
    venueOrderId: String(integerOf(where, order, "orderId")),
    status: statusOf(where, order, "status"),
    side: sideOf(where, order, "side"),
    sizeLots: scaledOf(where, order, "origQty", instrument.sizeDecimals),
    filledLots: scaledOf(where, order, "executedQty", instrument.sizeDecimals),
    fills: [],
    atUs,
  };
  return withReason(report, order["expiryReason"]);
}

/** The first reason that says something; the venue's word for none is NONE. */
function withReason(report: OrderReport, ...reasons: readonly unknown[]): OrderReport {
  const reason = reasons.find((one) => typeof one === "string" && one !== "" && one !== "NONE");
  return reason === undefined ? report : { ...report, reason: reason as string };
}

/** What the venue's word for an order's status means; undefined for one that is not known. */
export function statusNamed(word: string): VenueOrderStatus | undefined {
  return STATUSES.get(word);
}

function statusOf(where: string, fields: Fields, name: string): VenueOrderStatus {
  const text = textOf(where, fields, name);
  const status = statusNamed(text);
  if (status === undefined) throw new ProtocolError(`${where}: "${name}" is ${text}, not an order status we know`);
  return status;
}

function sideOf(where: string, fields: Fields, name: string): Side {
  const text = textOf(where, fields, name);
  if (text === "BUY") return "buy";
  if (text === "SELL") return "sell";
  throw new ProtocolError(`${where}: "${name}" must be BUY or SELL, got ${text}`);
}

/** @throws {ProtocolError} When the reply is about another symbol than was asked for. */
export function checkSymbol(where: string, fields: Fields, instrument: Instrument, name = "symbol"): void {
  const symbol = textOf(where, fields, name);
  if (symbol !== instrument.venueSymbol) {
    throw new ProtocolError(`${where}: "${name}" is ${symbol}, asked was about ${instrument.venueSymbol}`);
  }
}
