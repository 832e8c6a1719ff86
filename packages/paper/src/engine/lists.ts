import type { Instrument } from "../instruments.ts";
import { notionalUnits } from "../instruments.ts";
import type { Account } from "./accounts.ts";
import type { Desk } from "./desk.ts";
import type { Locks } from "./locks.ts";
import type { MatchingEngine } from "./matching-engine.ts";
import { hasNoLimit, isContingent, type Order, type OrderRequest, type RejectReason } from "./order.ts";
import type { ContingencyType, OrderList, OrderLists } from "./order-list.ts";
import { OrderRefusedError } from "./report.ts";
import { Trigger, type Triggers } from "./triggers.ts";

/** A list as an account asks for it. */
export interface ListRequest {
  readonly account: Account;
  /** 1 to 36 characters, unique among the account's open lists. */
  readonly clientOrderId: string;
  readonly contingency: ContingencyType;
  /** True for OPO and OPOCO: the pending legs sell what the working one bought; their `lots` are 0. */
  readonly paysPending: boolean;
  /** OCO: a pair. OTO: working, then one pending or a pair. Of a pair, the STOP_LOSS* comes first. */
  readonly legs: readonly OrderRequest[];
}

export interface ListsOptions {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
  readonly desk: Desk;
  readonly locks: Locks;
  readonly triggers: Triggers;
  readonly lists: OrderLists;
  readonly nextOrderId: () => number;
  /** Matches an order and rests what is left of it. */
  readonly work: (order: Order) => void;
  readonly lastTicks: () => number | undefined;
  /** Takes a list whose working order is filled: its pending legs' turn comes when the running match is over. */
  readonly defer: (list: OrderList) => void;
}

/**
 * The lists of one market: what happens to a leg's partners when something happens to the leg.
 *
 * Legs that wait (for a price, or for the working order) are not on the book, so that ending them never disturbs a match that is
 * under way. A list ends when its last leg has.
 */
export class Lists {
  readonly #options: ListsOptions;

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /** @throws {OrderRefusedError} When a leg or the relation of their prices is not acceptable; nothing has changed then. */
  check({ account, clientOrderId, contingency, legs }: ListRequest): void {
    const { lists, desk } = this.#options;
    const seat = desk.ledger.seat(account);
    const used = lists.findByClientId(account.index, clientOrderId);
    if (used?.isOpen === true) throw new OrderRefusedError("DUPLICATE_CLIENT_ID");
    const ids = legs.map((leg) => leg.clientOrderId);
    if (new Set(ids).size !== ids.length || ids.some((id) => seat.findOpen(id) !== undefined)) {
      throw new OrderRefusedError("DUPLICATE_CLIENT_ID");
    }
    const first = contingency === "OCO" ? legs : legs.slice(0, 1);
    const problem = this.#problemOf(first);
    if (problem !== undefined) throw new OrderRefusedError(problem);
  }

  /** Accepts a checked list and starts it. @returns The list. @throws {OrderRefusedError} INSUFFICIENT_BALANCE. */
  place(request: ListRequest): OrderList {
    const { desk, lists, instrument, nextOrderId } = this.#options;
    const { account, legs, contingency } = request;
    const seat = desk.ledger.seat(account);
    const isOco = contingency === "OCO";
    const locked = this.#lockFor(isOco ? legs : legs.slice(0, 1), legs[0]!.lots);
    if (!seat.tryLock(legs[0]!.side, locked)) throw new OrderRefusedError("INSUFFICIENT_BALANCE");
    const orders = legs.map((leg, i) => desk.accept(nextOrderId(), leg, leg.lots, i === 0 ? locked : 0n));
    const list = lists.add(instrument.symbol, orders, request, desk.nowUs);
    seat.openLists++;
    for (const [i, order] of orders.entries()) {
      order.list = list;
      if (!isOco && i > 0) order.status = "PENDING_NEW";
      if (isContingent(order.request.type)) order.trigger = new Trigger(order.request);
      else if (order.status === "NEW") order.workingUs = desk.nowUs;
    }
    for (const order of orders) desk.report(order, "NEW");
    this.#tell(list);
    for (const order of isOco ? orders : orders.slice(0, 1)) this.#start(order);
    return list;
  }

  /** A leg is about to trade or to work on the book: its partner goes. */
  onActive(leg: Order): void {
    const partner = leg.list!.partnerOf(leg);
    if (partner?.isOpen !== true) return;
    // The lock comes over before anything is paid out of it.
    this.#drop(partner, "OCO_TRIGGER");
    this.#settle(leg.list!);
  }

  /** A leg has ended, by itself or by its account. */
  onEnded(leg: Order): void {
    const list = leg.list!;
    if (list.working === leg) {
      if (leg.status === "FILLED") this.#options.defer(list);
      else for (const pending of list.pending) if (pending.isOpen) this.#drop(pending, "OTO_PHASE_ONE_EXPIRED");
    } else {
      const partner = list.partnerOf(leg);
      if (partner?.isOpen === true) this.#drop(partner, "OCO_TRIGGER");
    }
    this.#settle(list);
  }

  /** Places the pending legs of a list whose working order is filled. */
  activate(list: OrderList): void {
    const { desk } = this.#options;
    const legs = list.pending.filter((leg) => leg.isOpen);
    if (legs.length === 0) return this.#settle(list);
    if (list.paysPending) this.#size(list, legs);
    const problem = this.#problemOf(legs.map((leg) => leg.request)) ?? this.#tryLock(list, legs);
    if (problem !== undefined) {
      for (const leg of legs) leg.rejectReason = REJECTIONS[problem] ?? "NONE";
      for (const leg of legs) desk.end(leg, "EXPIRED", "EXPIRED", "REJECTED");
      return this.#settle(list);
    }
    for (const leg of legs) {
      leg.status = "NEW";
      if (leg.trigger === null) leg.workingUs = desk.nowUs;
      desk.report(leg, "NEW");
    }
    this.#tell(list);
    for (const leg of legs) if (leg.isOpen) this.#start(leg);
    this.#settle(list);
  }

  /** Ends every leg by its account's wish; all go by `cancelId` then. */
  cancel(list: OrderList, cancelId: string): void {
    const { desk, engine, triggers } = this.#options;
    for (const leg of list.legs) {
      if (!leg.isOpen) continue;
      engine.cancel(leg);
      triggers.remove(leg);
      desk.cancel(leg, cancelId);
    }
    this.#settle(list);
  }

  /** A leg goes by another client id. */
  onRenamed(list: OrderList): void {
    list.statusType = "UPDATED";
    this.#tell(list);
  }

  #start(order: Order): void {
    const { triggers, desk, work, lastTicks } = this.#options;
    if (order.trigger === null) work(order);
    else triggers.add(order, lastTicks(), desk.nowUs);
  }

  #drop(leg: Order, reason: "OCO_TRIGGER" | "OTO_PHASE_ONE_EXPIRED"): void {
    const { desk, engine, triggers } = this.#options;
    if (!triggers.remove(leg)) engine.cancel(leg);
    desk.end(leg, "EXPIRED", "EXPIRED", reason);
  }

  // Ends the list when no leg is open any more; what it received and did not use is free again.
  #settle(list: OrderList): void {
    if (!list.isOpen || list.legs.some((leg) => leg.isOpen)) return;
    const seat = this.#options.desk.ledger.seat(list.account);
    seat.unlock("SELL", list.receivedUnits);
    list.receivedUnits = 0n;
    seat.openLists--;
    list.statusType = "ALL_DONE";
    this.#options.lists.close(list);
    this.#tell(list);
  }

  #tell(list: OrderList): void {
    const { desk } = this.#options;
    list.updatedUs = desk.nowUs;
    desk.report(list.legs[0]!, "LIST_STATUS", undefined, undefined, "", list);
  }

  // What is wrong with orders that are to go on the book now, one or a pair.
  #problemOf(legs: readonly OrderRequest[]): "WOULD_TAKE" | "WOULD_TRIGGER" | "BAD_PRICES" | undefined {
    const { engine, lastTicks } = this.#options;
    const last = lastTicks();
    if (legs.length === 2 && !pricesFit(legs, last)) return "BAD_PRICES";
    for (const leg of legs) {
      if (leg.type === "LIMIT_MAKER" && engine.wouldTake(leg.side, leg.priceTicks)) return "WOULD_TAKE";
      if (last !== undefined && isContingent(leg.type) && new Trigger(leg).isReachedBy(last)) return "WOULD_TRIGGER";
    }
    return undefined;
  }

  // One lock for a pair: only one of the two can ever trade.
  #lockFor(legs: readonly OrderRequest[], lots: number): bigint {
    const { locks, lastTicks } = this.#options;
    const last = lastTicks();
    let most = 0n;
    for (const leg of legs) {
      const units = locks.unitsFor(leg, lots, last);
      if (units > most) most = units;
    }
    return most;
  }

  #tryLock(list: OrderList, legs: readonly Order[]): "INSUFFICIENT_BALANCE" | "TOO_SMALL" | undefined {
    const { instrument, desk } = this.#options;
    const { seat, lots } = legs[0]!;
    const tooSmall = ({ request }: Order) =>
      lots < instrument.minLots ||
      (!hasNoLimit(request.type) && notionalUnits(instrument, request.priceTicks, lots) < instrument.minNotionalUnits);
    if (list.paysPending && legs.some(tooSmall)) return "TOO_SMALL";
    const units = this.#lockFor(
      legs.map((leg) => leg.request),
      lots,
    );
    if (!list.paysPending) return desk.tryLock(legs[0]!, units) ? undefined : "INSUFFICIENT_BALANCE";
    // What was received is locked already; what is less than a step is free again.
    seat.unlock("SELL", list.receivedUnits - units);
    list.receivedUnits = 0n;
    legs[0]!.lockedUnits = units;
    return undefined;
  }

  // What was bought, in whole steps.
  #size(list: OrderList, legs: readonly Order[]): void {
    const { unitsPerLot, lotIncrement, maxLots } = this.#options.instrument;
    const bought = Math.min(Number(list.receivedUnits / unitsPerLot), maxLots);
    const lots = bought - (bought % lotIncrement);
    for (const leg of legs) {
      leg.lots = lots;
      leg.openLots = lots;
    }
  }
}

const REJECTIONS: Readonly<Record<string, RejectReason>> = {
  WOULD_TAKE: "WOULD_MATCH_IMMEDIATELY",
  WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
  BAD_PRICES: "OCO_BAD_PRICES",
  INSUFFICIENT_BALANCE: "INSUFFICIENT_BALANCES",
};

/** The prices that an OCO compares: above > last > below. A leg that only trails has none. */
function pricesFit([stop, other]: readonly OrderRequest[], lastTicks: number | undefined): boolean {
  const isSell = stop!.side === "SELL";
  const above = comparedTicks(isSell ? other! : stop!);
  const below = comparedTicks(isSell ? stop! : other!);
  if (above !== 0 && lastTicks !== undefined && above <= lastTicks) return false;
  if (below !== 0 && lastTicks !== undefined && below >= lastTicks) return false;
  return above === 0 || below === 0 || above > below;
}

// Source: rest-api.md, "New Order list - OCO", price restrictions.
function comparedTicks({ type, priceTicks, stopTicks = 0 }: OrderRequest): number {
  return type === "LIMIT_MAKER" || type === "TAKE_PROFIT_LIMIT" ? priceTicks : stopTicks;
}
