import { History } from "./history.ts";
import type { Fill, Order } from "./order.ts";

/** One accepted order, as the public ledger shows it. */
export interface AcceptedOrder {
  readonly symbol: string;
  readonly orderId: number;
  readonly clientOrderId: string;
}

const CLOSED_KEPT = 100_000;
const FILLS_KEPT = 100_000;

/**
 * One market's orders of all accounts (the house's quotes are not among them): the open ones, the newest 100,000 closed ones,
 * and the newest 100,000 fills.
 */
export class OrderLedger {
  readonly #open = new Map<number, Map<number, Order>>(); // owner -> id -> order
  readonly #byId = new Map<number, Order>();
  readonly #byClientId = new Map<string, Order>(); // newest of that id; open or kept
  readonly #all = new History<Order>(CLOSED_KEPT);
  readonly fills = new History<Fill>(FILLS_KEPT);

  /** Writes down a new order. */
  add(order: Order): void {
    let open = this.#open.get(order.owner);
    if (open === undefined) {
      open = new Map();
      this.#open.set(order.owner, open);
    }
    open.set(order.id, order);
    this.#byId.set(order.id, order);
    this.#byClientId.set(key(order.owner, order.clientOrderId), order);
    for (const old of this.#all.push(order)) if (!old.isOpen) this.#forget(old);
  }

  /** The order is open no more. */
  close(order: Order): void {
    this.#open.get(order.owner)?.delete(order.id);
  }

  /** `order` goes by another client id from now on; it is still found by the one it was placed with. */
  rename(order: Order, clientOrderId: string): void {
    order.originalClientOrderId = order.clientOrderId;
    order.clientOrderId = clientOrderId;
    this.#byClientId.set(key(order.owner, clientOrderId), order);
  }

  /** An account's order by id. */
  find(owner: number, id: number): Order | undefined {
    const order = this.#byId.get(id);
    return order?.owner === owner ? order : undefined;
  }

  /** An account's newest order by client id: its own or, after a cancel, the cancel's. */
  findByClientId(owner: number, clientOrderId: string): Order | undefined {
    return this.#byClientId.get(key(owner, clientOrderId));
  }

  /** The open order of that client id. */
  findOpen(owner: number, clientOrderId: string): Order | undefined {
    const order = this.findByClientId(owner, clientOrderId);
    return order?.isOpen ? order : undefined;
  }

  /** Open orders of an account, oldest first. */
  open(owner: number): Order[] {
    return [...(this.#open.get(owner)?.values() ?? [])];
  }

  /** How many orders of an account are open. */
  openCount(owner: number): number {
    return this.#open.get(owner)?.size ?? 0;
  }

  /** True when any account has an open order. */
  get hasOpen(): boolean {
    for (const orders of this.#open.values()) if (orders.size > 0) return true;
    return false;
  }

  /** All orders still known, oldest first. */
  get all(): readonly Order[] {
    return this.#all.items;
  }

  #forget(order: Order): void {
    this.#byId.delete(order.id);
    for (const id of [order.clientOrderId, order.originalClientOrderId]) {
      if (this.#byClientId.get(key(order.owner, id)) === order) this.#byClientId.delete(key(order.owner, id));
    }
  }
}

function key(owner: number, clientOrderId: string): string {
  return `${owner}:${clientOrderId}`;
}
