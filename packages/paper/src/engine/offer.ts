import type { BookOrder, Level } from "./book-side.ts";
import type { SelfTradePrevention } from "./matching-engine.ts";

/** True for the modes that let an order go on, whole, after it met an own one. */
export function passesOwn(prevention: SelfTradePrevention): boolean {
  return prevention === "EXPIRE_MAKER" || prevention === "PASS";
}

/** The first order of `owner` in the level's queue. */
export function firstOwn({ head }: Level, owner: number): BookOrder | null {
  let order = head;
  while (order !== null && order.owner !== owner) order = order.next;
  return order;
}

/**
 * Lots that a level has for an order of `owner`: all of them, hidden ones too, but the owner's own unless `withOwn`. Up to
 * `stopper` it is only what those before it show: what they hide queues behind it.
 */
export function offeredLots({ head }: Level, owner: number, withOwn: boolean, stopper: BookOrder | null): number {
  let lots = 0;
  for (let order = head; order !== null && order !== stopper; order = order.next) {
    if (!withOwn && order.owner === owner) continue;
    lots += stopper === null ? order.openLots : order.openLots - order.hiddenLots;
  }
  return lots;
}
