import type { Account } from "./accounts.ts";
import { History } from "./history.ts";
import type { Fill, Order, PreventedMatch } from "./order.ts";
import { Seat } from "./seat.ts";

export type { AcceptedOrder } from "./accepted.ts";

const PREVENTED_KEPT = 10_000;

/**
 * One market's orders of all accounts (the house's quotes are not among them): the open ones, the newest `kept` closed ones, as many fills,
 * and the newest 10,000 prevented matches.
 */
export class OrderLedger {
  readonly fills: History<Fill>;
  readonly prevented = new History<PreventedMatch>(PREVENTED_KEPT);
  readonly #base: string;
  readonly #quote: string;
  readonly #seats: (Seat | undefined)[] = []; // by account index
  readonly #all: History<Order>; // ids rise
  #openCount = 0;
  #indexedId = 0; // orders up to this id are found by client id once they are closed

  /** @param base Asset that its market buys and sells. @param quote Asset that prices are in. */
  constructor(base: string, quote: string, kept: number) {
    this.#base = base;
    this.#quote = quote;
    this.fills = new History(kept);
    this.#all = new History(kept);
  }

  /** The account's place in this market. */
  seat(account: Account): Seat {
    let seat = this.#seats[account.index];
    if (seat === undefined) {
      seat = new Seat(account, this.#base, this.#quote);
      this.#seats[account.index] = seat;
    }
    return seat;
  }

  /** Writes down a new order. */
  add(order: Order): void {
    order.seat.add(order);
    this.#openCount++;
    const forgotten = this.#all.push(order);
    for (let i = 0; i < forgotten.length; i++) if (!forgotten[i]!.isOpen) forgotten[i]!.seat.forget(forgotten[i]!);
  }

  /** The order is open no more. */
  close(order: Order): void {
    order.seat.remove(order);
    if (order.id <= this.#indexedId) order.seat.remember(order, order.clientOrderId);
    this.#openCount--;
  }

  /** A closed order goes by another client id from now on; it is still found by the one it was placed with. */
  rename(order: Order, clientOrderId: string): void {
    order.originalClientOrderId = order.clientOrderId;
    order.clientOrderId = clientOrderId;
    if (order.id <= this.#indexedId) order.seat.remember(order, clientOrderId);
  }

  /** An account's order by id. */
  find(owner: number, id: number): Order | undefined {
    const at = this.#all.firstAtLeast(id, idOf);
    const order = this.#all.items[at];
    if (order?.id === id) return order.owner === owner ? order : undefined;
    return this.open(owner).find((open) => open.id === id); // older than what is kept, and still open
  }

  /** An account's newest order by client id: its own or, after a cancel, the cancel's. */
  findByClientId(owner: number, clientOrderId: string): Order | undefined {
    const seat = this.#seats[owner];
    const open = seat?.findOpen(clientOrderId);
    if (open !== undefined || seat === undefined) return open;
    this.#index();
    return seat.findClosed(clientOrderId);
  }

  /** The open order of that client id. */
  findOpen(owner: number, clientOrderId: string): Order | undefined {
    return this.#seats[owner]?.findOpen(clientOrderId);
  }

  /** Open orders of an account, oldest first. */
  open(owner: number): Order[] {
    return this.#seats[owner]?.open() ?? [];
  }

  /** How many orders of an account are open. */
  openCount(owner: number): number {
    return this.#seats[owner]?.openCount ?? 0;
  }

  /** True when any account has an open order. */
  get hasOpen(): boolean {
    return this.#openCount > 0;
  }

  /** All orders still known, oldest first. */
  get all(): readonly Order[] {
    return this.#all.items;
  }

  // Closed orders are indexed when somebody asks, and not as they close: most are never asked for, and a map of so many costs more
  // than everything else that happens to an order.
  #index(): void {
    const { items } = this.#all;
    for (let i = this.#all.firstAtLeast(this.#indexedId + 1, idOf); i < items.length; i++) {
      const order = items[i]!;
      this.#indexedId = order.id;
      if (order.isOpen) continue; // `close` will do it
      if (order.originalClientOrderId !== "") order.seat.remember(order, order.originalClientOrderId);
      order.seat.remember(order, order.clientOrderId);
    }
  }
}

function idOf({ id }: Order): number {
  return id;
}
