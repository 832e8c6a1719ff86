import type { Desk } from "./desk.ts";
import type { Lists } from "./lists.ts";
import type { Locks } from "./locks.ts";
import type { MatchingEngine } from "./matching-engine.ts";
import type { Amendment, Order } from "./order.ts";
import { OrderRefusedError } from "./report.ts";
import type { Triggers } from "./triggers.ts";

export interface AmendmentsOptions {
  readonly engine: MatchingEngine;
  readonly desk: Desk;
  readonly locks: Locks;
  readonly triggers: Triggers;
  readonly lists: Lists;
  readonly lastTicks: () => number | undefined;
}

/**
 * Makes open orders smaller where they are: they keep their id and their place in the queue.
 *
 * Source: binance-spot-api-docs, faqs/order_amend_keep_priority.md.
 */
export class Amendments {
  readonly #options: AmendmentsOptions;

  constructor(options: AmendmentsOptions) {
    this.#options = options;
  }

  /** @throws {OrderRefusedError} UNKNOWN_ORDER, PENDING_SIZE, NOT_SMALLER, NO_CHANGE or DUPLICATE_CLIENT_ID. */
  check(order: Order, lots: number, clientOrderId: string): void {
    if (!order.isOpen) throw new OrderRefusedError("UNKNOWN_ORDER");
    if (order.list?.paysPending === true && order.status === "PENDING_NEW") throw new OrderRefusedError("PENDING_SIZE");
    if (lots > order.lots) throw new OrderRefusedError("NOT_SMALLER");
    if (lots === order.lots) throw new OrderRefusedError("NO_CHANGE");
    const other = order.seat.findOpen(clientOrderId);
    if (other !== undefined && other !== order) throw new OrderRefusedError("DUPLICATE_CLIENT_ID");
  }

  /** Makes a checked amendment. Both orders of a pair become smaller; one that has no lots left by that expires. */
  apply(order: Order, lots: number, clientOrderId: string): Amendment {
    const { desk, lists } = this.#options;
    const originalLots = order.lots;
    const originalClientOrderId = order.clientOrderId;
    order.seat.rename(order, clientOrderId);
    const partner = order.list?.partnerOf(order);
    const pair = partner?.isOpen === true ? [order, partner] : [order];
    for (const leg of pair) this.#shrink(leg, lots);
    this.#relock(pair);
    const executionId = desk.report(order, "REPLACED", undefined, undefined, originalClientOrderId);
    const amendment: Amendment = {
      executionId,
      originalClientOrderId,
      newClientOrderId: clientOrderId,
      originalLots,
      newLots: lots,
      atUs: desk.nowUs,
    };
    order.amendments = [...(order.amendments ?? []), amendment];
    if (order.list !== null && clientOrderId !== originalClientOrderId) lists.onRenamed(order.list);
    for (const leg of pair) {
      if (!leg.isOpen || leg.openLots > 0) continue;
      desk.end(leg, "EXPIRED", "EXPIRED");
      if (leg.list !== null) lists.onEnded(leg);
    }
    return amendment;
  }

  #shrink(order: Order, lots: number): void {
    const { engine, triggers } = this.#options;
    const gone = order.filledLots + order.preventedLots;
    order.lots = Math.max(lots, gone);
    const openLots = order.lots - gone;
    if (openLots > 0 && engine.resize(order, openLots)) return;
    if (openLots === 0 && !engine.cancel(order)) triggers.remove(order); // while it still has what its level counts
    order.openLots = openLots;
  }

  // One of a pair holds the lock of both.
  #relock(orders: readonly Order[]): void {
    const { desk, locks, lastTicks } = this.#options;
    const holder = orders.find(({ lockedUnits }) => lockedUnits > 0n);
    if (holder === undefined) return;
    let needed = 0n;
    for (const { request, openLots } of orders) {
      const units = locks.unitsFor(request, openLots, lastTicks());
      if (units > needed) needed = units;
    }
    if (needed < holder.lockedUnits) desk.unlock(holder, holder.lockedUnits - needed);
  }
}
