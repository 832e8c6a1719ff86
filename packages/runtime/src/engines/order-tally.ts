import type { RequestOutcome } from "@pitlane/sdk";
import { isWorking, type Order } from "../orders/order.ts";
import { type Denial, DenialCounter } from "./denials.ts";
import { type Rejection, RejectionCounter } from "./rejections.ts";

/** How many orders went which way since the start. */
export interface OrderCounters {
  intents: number;
  denied: number;
  submitted: number;
  accepted: number;
  filled: number;
  cancelled: number;
  expired: number;
  rejected: number;
  /** Orders the venue knows under two ids: none may ever be. */
  duplicated: number;
}

/** Counts what became of a run's orders, and why some were denied or rejected. */
export class OrderTally {
  readonly counters: OrderCounters = {
    intents: 0,
    denied: 0,
    submitted: 0,
    accepted: 0,
    filled: 0,
    cancelled: 0,
    expired: 0,
    rejected: 0,
    duplicated: 0,
  };
  readonly denials = new DenialCounter();
  readonly rejections = new RejectionCounter();
  /** Orders that count as rejected and are no failure, since this process began: taken back before they were sent, or post-only and refused. */
  expectedRejections = 0;

  /** Counts the state that an order has come to. @param hasEnded It has ended just now. */
  count(order: Order, hasEnded: boolean): void {
    const { counters } = this;
    if (!order.wasAccepted && (isWorking(order.state) || ["filled", "cancelled", "expired"].includes(order.state))) {
      order.wasAccepted = true;
      counters.accepted++;
    }
    if (!hasEnded) return;
    counters[order.state as "denied" | "filled" | "cancelled" | "expired" | "rejected"]++;
    if (order.state === "rejected") this.rejections.count(order.reason);
  }

  /** A submission has failed. */
  noteFailure(order: Order, outcome: RequestOutcome): void {
    const isTakenBack = outcome === "unsent" && order.cancelWanted;
    if (isTakenBack || (outcome === "refused" && order.intent.type === "postOnly")) this.expectedRejections++;
  }

  /** Takes over what an earlier process has counted, in place of all there is. */
  restore(counters: OrderCounters, denials: readonly Denial[], rejections: readonly Rejection[]): void {
    Object.assign(this.counters, counters);
    this.denials.restore(denials);
    this.rejections.restore(rejections);
  }
}
