import type { Fill, OrderReport, VenueOrderStatus } from "@pitlane/sdk";
import type { Order, OrderState } from "./order.ts";
import { isFinal } from "./order.ts";

/** What a report did to an order. */
export interface Transition {
  /** True when `state`, `filledLots` or `reason` changed. */
  readonly changed: boolean;
  /** Fills not booked before. */
  readonly fills: readonly Fill[];
  /** Set when the report cannot be right: kept for people, nothing is thrown. */
  readonly fault: string | undefined;
}

// Reports overtake each other: the answer to a call and the user stream are two sockets. A report may only move an order forward.
const RANK: Readonly<Record<OrderState, number>> = {
  intended: 0,
  submitted: 1,
  unknown: 1,
  accepted: 2,
  partiallyFilled: 3,
  filled: 4,
  cancelled: 4,
  expired: 4,
  rejected: 4,
  denied: 4,
};

const NO_FILLS: readonly Fill[] = [];

/**
 * Applies the venue's word to an order and returns what changed. Repeated and late reports change nothing; fills are booked
 * once by trade id, in whatever report they come, also after a final state (the venue's status may arrive before its trades).
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

  const fills = report.fills.filter((fill) => !order.tradeIds.has(fill.tradeId));
  for (const fill of fills) {
    order.tradeIds.add(fill.tradeId);
    order.bookedLots += fill.sizeLots;
  }

  const next: OrderState = report.status satisfies VenueOrderStatus;
  const forward = RANK[next] > RANK[order.state] && !isFinal(order.state);
  const filledMore = report.filledLots > order.filledLots;
  const fault = faultOf(order, report, next);
  if (fault !== undefined) return { changed: false, fills, fault };
  if (forward) order.state = next;
  if (filledMore) order.filledLots = report.filledLots;
  return { changed: forward || filledMore, fills, fault: undefined };
}

function faultOf(order: Order, report: OrderReport, next: OrderState): string | undefined {
  if (report.filledLots > order.intent.sizeLots) {
    return `order ${order.clientOrderId} of ${order.intent.sizeLots} lots is reported filled by ${report.filledLots}`;
  }
  if (isFinal(order.state) && isFinal(next) && next !== order.state) {
    return `order ${order.clientOrderId} is ${order.state} and now reported ${next}`;
  }
  return undefined;
}

/** What a failed request means for an order that was not final. */
export function applyFailure(order: Order, outcome: "unsent" | "refused" | "unknown", reason: string): boolean {
  if (isFinal(order.state)) return false;
  // The user stream may have told of the order before the answer failed: then it is known to live, and stays so.
  if (RANK[order.state] >= RANK.accepted) return false;
  const next: OrderState = outcome === "unknown" ? "unknown" : "rejected";
  if (order.state === next) return false;
  order.state = next;
  order.reason = reason;
  return true;
}
