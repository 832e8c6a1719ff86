import type { OrderList } from "../../engine/order-list.ts";
import type { Instrument } from "../../instruments.ts";
import { canceledJson, pendingJson, placedJson, type ResponseType } from "./order-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** An order list as `GET orderList` shows it. */
export function listJson(list: OrderList, unit: TimeUnit) {
  return {
    orderListId: list.id,
    contingencyType: list.contingency,
    listStatusType: list.statusType,
    listOrderStatus: list.isOpen ? "EXECUTING" : "ALL_DONE",
    listClientOrderId: list.clientOrderId,
    transactionTime: inUnit(list.updatedUs, unit),
    symbol: list.symbol,
    orders: legsJson(list),
  };
}

/** The answer to a list's placement. Its pending legs are shown as they were accepted, whatever has become of them. */
export function placedListJson(instrument: Instrument, list: OrderList, type: ResponseType, unit: TimeUnit): object {
  const isStarted = list.working?.status === "FILLED" || list.isOpen;
  return {
    ...listJson(list, unit),
    listStatusType: isStarted ? "EXEC_STARTED" : "ALL_DONE",
    listOrderStatus: isStarted ? "EXECUTING" : "ALL_DONE",
    orderReports: list.legs.map((leg) =>
      isStarted && list.pending.includes(leg)
        ? pendingJson(instrument, leg, type, unit)
        : placedJson(instrument, leg, type, unit),
    ),
  };
}

/** The answer to a list's cancellation: reports of the legs that were open. */
export function canceledListJson(instrument: Instrument, list: OrderList, unit: TimeUnit): object {
  const canceled = list.legs.filter(({ status }) => status === "CANCELED");
  return { ...listJson(list, unit), orderReports: canceled.map((leg) => canceledJson(instrument, leg, unit)) };
}

/** `listStatus` in the answer to an amendment of a leg. */
export function amendedListJson(list: OrderList): object {
  return {
    orderListId: list.id,
    contingencyType: list.contingency,
    listOrderStatus: list.isOpen ? "EXECUTING" : "ALL_DONE",
    listClientOrderId: list.clientOrderId,
    symbol: list.symbol,
    orders: legsJson(list),
  };
}

/** A `listStatus` event. Source: user-data-stream.md, "Order Update". */
export function listStatusJson(list: OrderList, atUs: number, unit: TimeUnit): string {
  const time = inUnit(atUs, unit);
  return JSON.stringify({
    e: "listStatus",
    E: time,
    s: list.symbol,
    g: list.id,
    c: list.contingency,
    l: list.statusType,
    L: list.isOpen ? "EXECUTING" : "ALL_DONE",
    r: "NONE",
    C: list.clientOrderId,
    T: time,
    O: list.legs.map(({ id, clientOrderId }) => ({ s: list.symbol, i: id, c: clientOrderId })),
  });
}

function legsJson({ legs, symbol }: OrderList) {
  return legs.map(({ id, clientOrderId, originalClientOrderId }) => ({
    symbol,
    orderId: id,
    // A cancel has its own id; the list goes on naming its orders by theirs.
    clientOrderId: originalClientOrderId === "" ? clientOrderId : originalClientOrderId,
  }));
}
