import type { Market } from "../../engine/market.ts";
import type { Order } from "../../engine/order.ts";
import type { SignedCall } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import type { Params } from "./params.ts";

/** What the two ids of an order are called in a request. */
export interface IdNames {
  readonly id: string;
  readonly clientId: string;
}

export const ORDER_IDS: IdNames = { id: "orderId", clientId: "origClientOrderId" };

/**
 * The caller's order by id, by client id, or by both, which must then agree.
 *
 * @throws {VenueRefusal} -1102 without either, -2039 when they disagree.
 * @throws What `notFound` makes, when there is none.
 */
export function findOrder(
  { ledger }: Market,
  { params, account }: SignedCall,
  notFound: () => Error,
  names = ORDER_IDS,
): Order {
  const id = params.id(names.id);
  const clientId = params.text(names.clientId);
  if (id === undefined && clientId === undefined) throw refuse.missingEither(names.clientId, names.id);
  const order = id === undefined ? ledger.findByClientId(account.index, clientId!) : ledger.find(account.index, id);
  if (order === undefined) throw notFound();
  if (clientId !== undefined && order.clientOrderId !== clientId && order.originalClientOrderId !== clientId) {
    throw refuse.idMismatch();
  }
  return order;
}

/**
 * The caller's open order that a cancel is for.
 *
 * @throws {VenueRefusal} As `findOrder`, and -2011 when it is not open or `cancelRestrictions` spare it.
 */
export function findToCancel(market: Market, call: SignedCall, names = ORDER_IDS): Order {
  const order = findOrder(market, call, () => refuse.cancelRejected(), names);
  if (!order.isOpen) throw refuse.cancelRejected();
  checkRestrictions(order, call.params);
  return order;
}

function checkRestrictions({ status }: Order, params: Params): void {
  const restriction = params.text("cancelRestrictions");
  if (restriction === undefined) return;
  if (restriction !== "ONLY_NEW" && restriction !== "ONLY_PARTIALLY_FILLED") throw refuse.badCancelRestrictions();
  const wanted = restriction === "ONLY_NEW" ? "NEW" : "PARTIALLY_FILLED";
  if (status !== wanted) throw refuse.cancelRejected("Order was not canceled due to cancel restrictions.");
}
