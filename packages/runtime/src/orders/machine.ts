import type { Fill, OrderReport, RequestOutcome, VenueOrderStatus } from "@pitlane/sdk";
import { isFinal, isWorking, type Order, type OrderState } from "./order.ts";

/** What a report did to an order. */
export interface Transition {
  /** True when `state`, `sizeLots`, `filledLots` or `reason` changed. */
  readonly changed: boolean;
  /** Fills not booked before. */
  readonly fills: readonly Fill[];
  /** Set when the report cannot be right: kept for people, nothing is thrown. */
  readonly fault: string | undefined;
}

const NO_FILLS: readonly Fill[] = [];

/**
 * Applies the venue's word to an order and returns what changed.
 *
 * Reports overtake each other, since the answer to a call and the user stream are two sockets, so a report may only move an order
 * forward: fills only grow, the size only shrinks (that is all an amendment can do), and a final state stays. What state an order
 * that works is in follows from these and from the requests under way, see `workingState`: reports of one history end alike in
 * whatever order and number they come. Fills are booked once by trade id, in whatever report they come, also after a final state
 * (the venue's status may arrive before its trades).
 *
 * @example
 * const { changed, fills } = applyReport(order, report);
 */
export function applyReport(order: Order, report: OrderReport): Transition {
  if (order.venueOrderId !== "" && report.venueOrderId !== "" && order.venueOrderId !== report.venueOrderId) {
    const fault = `order ${order.clientOrderId} is known to the venue as ${order.venueOrderId} and as ${report.venueOrderId}`;
    return { changed: false, fills: NO_FILLS, fault };
  }
  order.venueOrderId ||= report.venueOrderId;

  const fills = report.fills.filter((fill) => !order.hasBooked(fill.tradeId));
  for (const fill of fills) {
    order.noteBooked(fill.tradeId);
    order.bookedLots += fill.sizeLots;
  }

  const { status, filledLots, sizeLots } = report;
  const fault = faultOf(order, filledLots, status);
  if (fault !== undefined) return { changed: false, fills, fault };
  const before = order.state;
  const filledMore = filledLots > order.filledLots;
  if (filledMore) order.filledLots = filledLots;
  const shrunk = isSmaller(order, sizeLots);
  if (shrunk) order.sizeLots = sizeLots;
  if (!isFinal(before)) order.state = isFinal(status) ? status : workingState(order);
  return { changed: order.state !== before || filledMore || shrunk, fills, fault: undefined };
}

/** True when `applyReport` would change nothing and find no fault: much of what one of two sockets tells was told by the other. */
export function isHeard(order: Order, { venueOrderId, status, filledLots, sizeLots, fills }: OrderReport): boolean {
  if (venueOrderId !== "" && venueOrderId !== order.venueOrderId) return false;
  if (filledLots > order.filledLots || isSmaller(order, sizeLots)) return false;
  for (const { tradeId } of fills) if (!order.hasBooked(tradeId)) return false;
  if (faultOf(order, filledLots, status) !== undefined) return false;
  return isFinal(order.state) || (isFinal(status) ? status : workingState(order)) === order.state;
}

/** The venue has made the order smaller, to a size that can be. */
function isSmaller(order: Order, sizeLots: number): boolean {
  return sizeLots < order.sizeLots && sizeLots > 0 && sizeLots >= order.filledLots;
}

/** The state of an order that the venue has and that may still trade: a request under way is named first. */
function workingState({ cancelling, amendLots, filledLots }: Order): OrderState {
  if (cancelling) return "pendingCancel";
  if (amendLots > 0) return "pendingAmend";
  return filledLots > 0 ? "partiallyFilled" : "accepted";
}

/** A cancel goes out. */
export function beginCancel(order: Order): void {
  order.cancelling = true;
  if (isWorking(order.state)) order.state = workingState(order);
}

/** A cancel has come to its end. @param refusal Why nothing came of it; "" when it did, or nobody knows. @returns True when the order changed. */
export function endCancel(order: Order, refusal: string): boolean {
  order.cancelling = false;
  return settle(order, refusal);
}

/** An amendment goes out. */
export function beginAmend(order: Order, sizeLots: number): void {
  order.amendLots = sizeLots;
  if (isWorking(order.state)) order.state = workingState(order);
}

/** An amendment has come to its end; the size that it led to is in the venue's reports. As `endCancel`. */
export function endAmend(order: Order, refusal: string): boolean {
  order.amendLots = 0;
  return settle(order, refusal);
}

/** What a failed submission means for an order that was not final. @returns True when the order changed. */
export function applyFailure(order: Order, outcome: RequestOutcome, reason: string): boolean {
  // The user stream may have told of the order before the answer failed: then it is known to live, and stays so.
  if (isFinal(order.state) || isWorking(order.state)) return false;
  const next: OrderState = outcome === "unknown" ? "unknown" : "rejected";
  if (order.state === next) return false;
  order.state = next;
  order.reason = reason;
  return true;
}

function settle(order: Order, refusal: string): boolean {
  if (!isWorking(order.state)) return false;
  const before = order.state;
  order.state = workingState(order);
  if (refusal !== "") order.reason = refusal;
  return order.state !== before;
}

function faultOf(order: Order, filledLots: number, next: VenueOrderStatus): string | undefined {
  const { clientOrderId, state, sizeLots } = order;
  if (filledLots > sizeLots) return `order ${clientOrderId} of ${sizeLots} lots is reported filled by ${filledLots}`;
  if (!isFinal(state) || next === state) return undefined;
  // A late word from before the end is no news, but of an order that never worked there can be none.
  const isLate = !isFinal(next) && state !== "rejected" && state !== "denied";
  return isLate ? undefined : `order ${clientOrderId} is ${state} and now reported ${next}`;
}
