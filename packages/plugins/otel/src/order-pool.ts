import type { AnsweredOrder, SlowOrder } from "pitlane";

/** An order that is to be traced; a slow one with what overlapped it. */
export type TracedOrder = AnsweredOrder & Partial<Pick<SlowOrder, "slowest" | "overlaps">>;

export interface OrderPoolOptions {
  /** Share of the orders that are taken, 0 to 1. */
  readonly ratio: number;
  /** Most orders that wait to be sent; more are counted as lost. */
  readonly most: number;
}

/** Orders of one interval that are to be traced: a share of all, and the slowest. */
export class OrderPool {
  readonly #options: OrderPoolOptions;
  #orders: AnsweredOrder[] = [];
  #lost = 0;

  constructor(options: OrderPoolOptions) {
    this.#options = options;
  }

  /** Takes an order over if it is among the share. Called where orders are answered: quick. */
  add(order: AnsweredOrder): void {
    const { ratio, most } = this.#options;
    if (!isSampled(order.clientOrderId, ratio)) return;
    if (this.#orders.length < most) this.#orders.push(order);
    else this.#lost++;
  }

  /**
   * What has come since the last call, and forgets it.
   *
   * @param slowest Those of `slowest` that were answered after `sinceUs` are among it, and told as slow ones where they are in both.
   */
  take(
    slowest: readonly SlowOrder[],
    sinceUs: number,
  ): { readonly orders: readonly TracedOrder[]; readonly lost: number } {
    const orders = new Map<string, TracedOrder>(this.#orders.map((order) => [order.clientOrderId, order]));
    for (const order of slowest) if (order.atUs > sinceUs) orders.set(order.clientOrderId, order);
    const lost = this.#lost;
    this.#orders = [];
    this.#lost = 0;
    return { orders: [...orders.values()], lost };
  }
}

/**
 * Whether an order is among a share of all: worked out from its id, so that who asks again, or in another process, hears the same. Pure.
 *
 * Ids that count up differ in their last characters alone, which FNV-1a spreads over its low bits only: hence the mixing at its end.
 * Source: G. Fowler, L. C. Noll, K.-P. Vo, FNV-1a; A. Appleby, MurmurHash3, its 32-bit finalizer.
 */
export function isSampled(id: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < ratio;
}
