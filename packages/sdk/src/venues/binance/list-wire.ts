import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { OrderReport } from "../../model/order.ts";
import type { OrderListReport } from "../../model/order-list.ts";
import { integerOf, textOf, timeUsOf, toFields, toList } from "./fields.ts";
import { checkSymbol, parseCancel, parseListedOrder } from "./wire.ts";

const STATUSES: ReadonlyMap<string, OrderListReport["status"]> = new Map([
  ["EXECUTING", "working"],
  ["ALL_DONE", "done"],
  ["REJECT", "rejected"],
]);

/**
 * An order list as every call about lists answers. A cancel's reports carry ids of the cancel, so the orders are told by `orders`.
 *
 * @throws {ProtocolError} Naming the field. Source: rest-api.md, "Order lists", 2026-07.
 */
export function parseOrderList(value: unknown, instrument: Instrument): OrderListReport {
  const where = "order list";
  const list = toFields(where, value);
  checkSymbol(where, list, instrument);
  const reports = new Map<string, OrderReport>();
  for (const item of toList(`${where}: "orderReports"`, list["orderReports"] ?? [])) {
    const isCancelled = toFields(`${where}: report`, item)["origClientOrderId"] !== undefined;
    const report = isCancelled ? parseCancel(item, instrument) : parseListedOrder(item, instrument);
    reports.set(report.venueOrderId, report);
  }
  const orders = toList(`${where}: "orders"`, list["orders"]).map((item) => {
    const order = toFields(`${where}: order`, item);
    const venueOrderId = String(integerOf(where, order, "orderId"));
    const report = reports.get(venueOrderId);
    const clientOrderId = report?.clientOrderId ?? textOf(where, order, "clientOrderId");
    return report === undefined ? { clientOrderId, venueOrderId } : { clientOrderId, venueOrderId, report };
  });
  const text = textOf(where, list, "listOrderStatus");
  const status = STATUSES.get(text);
  if (status === undefined) throw new ProtocolError(`${where}: "listOrderStatus" is ${text}, not one we know`);
  return {
    instrument,
    clientListId: textOf(where, list, "listClientOrderId"),
    venueListId: String(integerOf(where, list, "orderListId")),
    status,
    orders,
    atUs: timeUsOf(where, list, "transactionTime"),
  };
}

/** Reports of a cancel of several orders, lists among them. @throws {ProtocolError} Naming the field. */
export function parseCancelAll(value: unknown, instrument: Instrument): readonly OrderReport[] {
  return toList("cancelled orders", value).flatMap((item) => {
    const isList = toFields("cancelled order", item)["orderReports"] !== undefined;
    if (!isList) return [parseCancel(item, instrument)];
    return parseOrderList(item, instrument).orders.flatMap(({ report }) => (report === undefined ? [] : [report]));
  });
}
