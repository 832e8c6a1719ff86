import type { Instrument } from "../../model/instrument.ts";
import type { OrderListReport } from "../../model/order-list.ts";
import type { BalanceChange } from "../../stream/streams.ts";
import { type Fields, textOf, timeUsOf, toFields, toList, unitsOf } from "./fields.ts";
import { parseOrderList } from "./list-wire.ts";

// Events of the user stream besides orders and balances. Source: Binance, user-data-stream.md, 2026-07.

/** A `balanceUpdate` or `externalLockUpdate`. @throws {ProtocolError} Naming the field. */
export function parseBalanceChange(event: Fields): BalanceChange {
  const kind = textOf("user stream event", event, "e");
  return {
    kind: kind === "balanceUpdate" ? "transfer" : "externalLock",
    asset: textOf(kind, event, "a"),
    delta: unitsOf(kind, event, "d"),
    atUs: timeUsOf(kind, event, "T"),
  };
}

/** A `listStatus`: the answer of a call about the list, in shorter words. @throws {ProtocolError} Naming the field. */
export function parseListStatus(event: Fields, instrument: Instrument): OrderListReport {
  const orders = toList('listStatus: "O"', event["O"]).map((item) => {
    const { i: orderId, c: clientOrderId } = toFields("listStatus: order", item);
    return { orderId, clientOrderId };
  });
  const { s: symbol, g: orderListId, L: listOrderStatus, C: listClientOrderId, T: transactionTime } = event;
  return parseOrderList(
    { symbol, orderListId, listOrderStatus, listClientOrderId, transactionTime, orders },
    instrument,
  );
}
