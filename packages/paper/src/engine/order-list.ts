import type { Account } from "./accounts.ts";
import { History } from "./history.ts";
import type { Order } from "./order.ts";

/** How a list's legs hang together, as the venue names it: OTOCO, OPO and OPOCO are kinds of OTO. */
export type ContingencyType = "OCO" | "OTO";

export type ListStatusType = "EXEC_STARTED" | "UPDATED" | "ALL_DONE";

const KEPT = 10_000;

/**
 * Orders that hang together. Only its `Market` writes it.
 *
 *   OCO   [above, below]                 one works or fills: the other goes
 *   OTO   [working, pending]             the pending one is placed once the working one is filled whole
 *   OTOCO [working, above, below]        the pending two are an OCO
 *   OPO, OPOCO                           as OTO and OTOCO, and what the working order bought is what the pending ones sell
 */
export class OrderList {
  /** Unique in the exchange, from 0 on. */
  readonly id: number;
  readonly account: Account;
  readonly symbol: string;
  readonly contingency: ContingencyType;
  /** True of OPO and OPOCO. */
  readonly paysPending: boolean;
  readonly legs: readonly Order[];
  clientOrderId: string;
  statusType: ListStatusType = "EXEC_STARTED";
  readonly createdUs: number;
  updatedUs: number;
  /** Locked out of what the working order of a `paysPending` list has bought, in base units. */
  receivedUnits = 0n;

  constructor(
    id: number,
    symbol: string,
    legs: readonly Order[],
    shape: Pick<OrderList, "account" | "contingency" | "paysPending" | "clientOrderId">,
    nowUs: number,
  ) {
    this.id = id;
    this.symbol = symbol;
    this.legs = legs;
    this.account = shape.account;
    this.contingency = shape.contingency;
    this.paysPending = shape.paysPending;
    this.clientOrderId = shape.clientOrderId;
    this.createdUs = nowUs;
    this.updatedUs = nowUs;
  }

  get isOpen(): boolean {
    return this.statusType !== "ALL_DONE";
  }

  /** The first leg of an OTO. */
  get working(): Order | undefined {
    return this.contingency === "OTO" ? this.legs[0] : undefined;
  }

  /** The legs that wait for the working one. */
  get pending(): readonly Order[] {
    return this.contingency === "OTO" ? this.legs.slice(1) : [];
  }

  /** The leg that `leg` cancels or is cancelled by. */
  partnerOf(leg: Order): Order | undefined {
    const first = this.contingency === "OCO" ? 0 : 1;
    if (this.legs.length !== first + 2) return undefined;
    if (this.legs[first] === leg) return this.legs[first + 1];
    return this.legs[first + 1] === leg ? this.legs[first] : undefined;
  }
}

/** All lists of the exchange: the open ones and the newest 10,000 closed ones. */
export class OrderLists {
  readonly #all = new History<OrderList>(KEPT); // ids rise
  readonly #open = new Map<number, OrderList>();
  #nextId = 0;

  /** Makes and writes down a list. */
  add(
    symbol: string,
    legs: readonly Order[],
    shape: Pick<OrderList, "account" | "contingency" | "paysPending" | "clientOrderId">,
    nowUs: number,
  ): OrderList {
    const list = new OrderList(this.#nextId++, symbol, legs, shape, nowUs);
    this.#open.set(list.id, list);
    this.#all.push(list);
    return list;
  }

  /** The list is open no more. */
  close(list: OrderList): void {
    this.#open.delete(list.id);
  }

  /** An account's list by id. */
  find(owner: number, id: number): OrderList | undefined {
    const list = this.#open.get(id) ?? this.#all.items[this.#all.firstAtLeast(id, (other) => other.id)];
    return list?.id === id && list.account.index === owner ? list : undefined;
  }

  /** An account's newest list by client id. */
  findByClientId(owner: number, clientOrderId: string): OrderList | undefined {
    return this.#all.items.findLast((list) => list.clientOrderId === clientOrderId && list.account.index === owner);
  }

  /** An account's lists with an open order, oldest first. */
  open(owner: number): OrderList[] {
    return [...this.#open.values()].filter(({ account }) => account.index === owner);
  }

  /** All lists still known, oldest first. */
  get all(): readonly OrderList[] {
    return this.#all.items;
  }
}
