import type { Account, Balance } from "./accounts.ts";
import type { Side } from "./book-side.ts";
import { isContingent, type Order } from "./order.ts";

/**
 * An account's place in one market: its balances of the two assets, its open orders by client id, and the closed ones that are
 * still known. One object per account and market, so that a fill looks nothing up by name.
 */
export class Seat {
  readonly account: Account;
  readonly base: Balance;
  readonly quote: Balance;
  /** Open orders that wait, or have waited, for a trade price. */
  openContingent = 0;
  openIcebergs = 0;
  /** Lists with an open order. */
  openLists = 0;
  readonly #open = new Map<string, Order>();
  readonly #closed = new Map<string, Order>(); // newest of that id

  constructor(account: Account, base: string, quote: string) {
    this.account = account;
    this.base = account.balance(base);
    this.quote = account.balance(quote);
  }

  /** Moves `units` of what an order of `side` pays with from free to locked; false, and nothing changed, when free is less. */
  tryLock(side: Side, units: bigint): boolean {
    if (this.account.unlimited) return true;
    const balance = side === "BUY" ? this.quote : this.base;
    if (balance.free < units) return false;
    balance.free -= units;
    balance.locked += units;
    return true;
  }

  /** Moves `units` back from locked to free. */
  unlock(side: Side, units: bigint): void {
    if (this.account.unlimited) return;
    const balance = side === "BUY" ? this.quote : this.base;
    balance.locked -= units;
    balance.free += units;
  }

  /** Takes what a fill costs: out of what its order locked. */
  pay(side: Side, units: bigint): void {
    const balance = side === "BUY" ? this.quote : this.base;
    if (this.account.unlimited) balance.free -= units;
    else balance.locked -= units;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** The open order of that client id. */
  findOpen(clientOrderId: string): Order | undefined {
    return this.#open.get(clientOrderId);
  }

  /** The newest closed order of that client id, of those it was told to `remember`. */
  findClosed(clientOrderId: string): Order | undefined {
    return this.#closed.get(clientOrderId);
  }

  /** Open orders, oldest first. */
  open(): Order[] {
    return [...this.#open.values()].sort((a, b) => a.id - b.id);
  }

  add(order: Order): void {
    this.#open.set(order.clientOrderId, order);
    if (isContingent(order.request.type)) this.openContingent++;
    if (order.icebergLots > 0) this.openIcebergs++;
  }

  /** `order` is open no more. */
  remove(order: Order): void {
    this.#open.delete(order.clientOrderId);
    if (isContingent(order.request.type)) this.openContingent--;
    if (order.icebergLots > 0) this.openIcebergs--;
  }

  /** An open order goes by another client id from now on. */
  rename(order: Order, clientOrderId: string): void {
    this.#open.delete(order.clientOrderId);
    order.clientOrderId = clientOrderId;
    this.#open.set(clientOrderId, order);
  }

  /** A closed order is found by `clientOrderId` from now on, until it is forgotten. */
  remember(order: Order, clientOrderId: string): void {
    this.#closed.set(clientOrderId, order);
  }

  /** Forgets a closed order. */
  forget(order: Order): void {
    const { clientOrderId, originalClientOrderId } = order;
    if (this.#closed.get(clientOrderId) === order) this.#closed.delete(clientOrderId);
    if (originalClientOrderId === "") return;
    if (this.#closed.get(originalClientOrderId) === order) this.#closed.delete(originalClientOrderId);
  }
}
