import type { Instrument } from "../instruments.ts";
import type { Account, Accounts } from "./accounts.ts";
import { Aftermath } from "./aftermath.ts";
import { Amendments } from "./amendments.ts";
import { BookOrder, type Side } from "./book-side.ts";
import { Desk } from "./desk.ts";
import type { OrderLedger } from "./ledger.ts";
import { type ListRequest, Lists } from "./lists.ts";
import { Locks } from "./locks.ts";
import { MatchingEngine, type SelfTradePrevention, type TimeInForce } from "./matching-engine.ts";
import { type Amendment, type ExpiryReason, hasNoLimit, isContingent, Order, type OrderRequest } from "./order.ts";
import type { OrderList, OrderLists } from "./order-list.ts";
import { type MarketListener, OrderRefusedError } from "./report.ts";
import { Settlement } from "./settlement.ts";
import { Tape } from "./tape.ts";
import { Trigger, Triggers } from "./triggers.ts";

export {
  type MarketListener,
  OrderRefusedError,
  type OrderReport,
  type RefusalReason,
} from "./report.ts";

/** How much of its past a market keeps: the newest so many at least, and before it forgets some, up to twice as many. */
export interface Kept {
  /** Closed orders, and fills. */
  readonly orders: number;
  /** Public trades, and aggregates of them. */
  readonly trades: number;
}

export interface MarketOptions {
  readonly instrument: Instrument;
  readonly accounts: Accounts;
  /** The unlimited account whose orders are quotes: they are in the book and on the tape, but not in the ledger. */
  readonly house: Account;
  /** The exchange's order lists. */
  readonly lists: OrderLists;
  readonly listener: MarketListener;
  readonly kept: Kept;
  /** Called with each order accepted from an account. */
  readonly onAccepted: (order: Order) => void;
}

/**
 * One instrument's market: its book, the orders and fills of its accounts, and its tape.
 *
 * An order locks what it may cost, pays from that as it fills, and gets the rest back when it ends or fills better than its
 * limit. Each call is one step: reports come while it runs, in order; then, once, the change of balances and of the book. What a
 * call's trades trigger (stop orders, pending legs of lists) is done within it, after its own match, oldest first.
 */
export class Market {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
  readonly tape: Tape;
  readonly #house: Account;
  readonly #listener: MarketListener;
  readonly #assets: readonly string[];
  readonly #desk: Desk;
  readonly #locks: Locks;
  readonly #settlement: Settlement;
  readonly #triggers = new Triggers();
  readonly #lists: Lists;
  readonly #amendments: Amendments;
  readonly #aftermath: Aftermath;
  #updateId = 0;
  #updateIdBefore = 0;
  #nesting = 0; // calls within calls of `together`
  #nextOrderId = 1;

  constructor({ instrument, accounts, house, lists, listener, kept, onAccepted }: MarketOptions) {
    this.instrument = instrument;
    this.tape = new Tape(kept.trades);
    this.#house = house;
    this.#listener = listener;
    this.#assets = [instrument.base, instrument.quote];
    this.engine = new MatchingEngine({
      onFill: (taker, maker, priceTicks, lots) => this.#onFill(taker, maker, priceTicks, lots),
      onPrevented: (taker, maker, takerLots, makerLots) => this.#onPrevented(taker, maker, takerLots, makerLots),
      onLevel: (side, priceTicks) => {
        this.#updateId++;
        listener.onLevel(this, side, priceTicks);
      },
    });
    this.#locks = new Locks(this.engine, instrument);
    this.#desk = new Desk({
      market: this,
      instrument,
      locks: this.#locks,
      listener,
      keptOrders: kept.orders,
      onAccepted,
    });
    this.#settlement = new Settlement(instrument, accounts, house, this.#desk);
    this.#lists = new Lists({
      instrument,
      engine: this.engine,
      desk: this.#desk,
      locks: this.#locks,
      triggers: this.#triggers,
      lists,
      nextOrderId: () => this.#nextOrderId++,
      work: (order) => this.#work(order),
      lastTicks: () => this.lastTicks,
      defer: (list) => this.#aftermath.push(list),
    });
    this.#aftermath = new Aftermath({
      desk: this.#desk,
      locks: this.#locks,
      lists: this.#lists,
      work: (order) => this.#work(order),
    });
    this.#amendments = new Amendments({
      engine: this.engine,
      desk: this.#desk,
      locks: this.#locks,
      triggers: this.#triggers,
      lists: this.#lists,
      lastTicks: () => this.lastTicks,
    });
  }

  get ledger(): OrderLedger {
    return this.#desk.ledger;
  }

  /** Counts every change of a level: the book's version. */
  get updateId(): number {
    return this.#updateId;
  }

  /** Price of the last trade, in ticks; undefined before the first. */
  get lastTicks(): number | undefined {
    return this.tape.trades.last?.priceTicks;
  }

  /**
   * Accepts an account's order, and matches it unless it waits for a trade price.
   *
   * @returns The order, which may already be filled, expired or resting.
   * @throws {OrderRefusedError} When its client id is in use, it is post-only and would trade, its stop price is already reached,
   * the account has too little, or it is a market order by quote amount and the book holds less than the smallest order.
   */
  place(request: OrderRequest, nowUs: number): Order {
    const { account, side, type } = request;
    const seat = this.ledger.seat(account);
    if (seat.findOpen(request.clientOrderId) !== undefined) throw new OrderRefusedError("DUPLICATE_CLIENT_ID");
    if (type === "LIMIT_MAKER" && this.engine.wouldTake(side, request.priceTicks)) {
      throw new OrderRefusedError("WOULD_TAKE");
    }
    const { lastTicks } = this;
    const trigger = isContingent(type) ? new Trigger(request) : null;
    if (trigger !== null && lastTicks !== undefined && trigger.isReachedBy(lastTicks)) {
      throw new OrderRefusedError("WOULD_TRIGGER");
    }
    const lots = this.#locks.lotsOf(request);
    const units = this.#locks.unitsFor(request, lots, lastTicks);
    if (!seat.tryLock(side, units)) throw new OrderRefusedError("INSUFFICIENT_BALANCE");

    this.#begin(nowUs);
    const order = this.#desk.accept(this.#nextOrderId++, request, lots, units);
    order.trigger = trigger;
    if (trigger === null) order.workingUs = nowUs;
    this.#desk.report(order, "NEW");
    if (trigger === null) this.#work(order);
    else this.#triggers.add(order, lastTicks, nowUs);
    this.#end();
    return order;
  }

  /**
   * Accepts a list of orders that hang together, and starts those of them that do not wait.
   *
   * @throws {OrderRefusedError} As `place`, and BAD_PRICES when the prices of a pair are not on both sides of the last trade.
   */
  placeList(request: ListRequest, nowUs: number): OrderList {
    this.#lists.check(request);
    this.#begin(nowUs);
    try {
      return this.#lists.place(request);
    } finally {
      this.#end();
    }
  }

  /** Cancels an open order, which goes by `cancelId` from then on; a leg takes its whole list with it. */
  cancel(order: Order, cancelId: string, nowUs: number): void {
    this.#begin(nowUs);
    if (order.list === null) {
      if (!this.engine.cancel(order)) this.#triggers.remove(order);
      this.#desk.cancel(order, cancelId);
    } else {
      this.#lists.cancel(order.list, cancelId);
    }
    this.#end();
  }

  /**
   * Makes an open order smaller, and leaves it its id and its place in the queue. Of two orders that cancel each other, both become
   * smaller. An order that has no lots left then expires.
   *
   * @throws {OrderRefusedError} UNKNOWN_ORDER, NOT_SMALLER, NO_CHANGE, PENDING_SIZE (what an OPO list will sell is not known yet) or
   * DUPLICATE_CLIENT_ID.
   */
  amend(order: Order, lots: number, clientOrderId: string, nowUs: number): Amendment {
    this.#amendments.check(order, lots, clientOrderId);
    this.#begin(nowUs);
    const amendment = this.#amendments.apply(order, lots, clientOrderId);
    this.#end();
    return amendment;
  }

  /** Places an order of the house. @returns It: resting when it has a `level`. */
  placeHouse(
    side: Side,
    priceTicks: number,
    lots: number,
    timeInForce: TimeInForce,
    nowUs: number,
    prevention: SelfTradePrevention = "NONE",
  ): BookOrder {
    this.#begin(nowUs);
    const order = new BookOrder(this.#nextOrderId++, this.#house.index, side, priceTicks, lots);
    this.engine.place(order, timeInForce, prevention);
    this.#end();
    return order;
  }

  /** Takes a house order off the book, when it still rests. */
  cancelHouse(order: BookOrder, nowUs: number): void {
    this.#begin(nowUs);
    this.engine.cancel(order);
    this.#end();
  }

  /** Gives a resting house order another size, above 0, at the same place of the queue. */
  resizeHouse(order: BookOrder, lots: number, nowUs: number): void {
    this.#begin(nowUs);
    this.engine.resize(order, lots);
    this.#end();
  }

  /** Makes one step of all the calls that `work` makes: `onBook` and `onBalances` come once, at its end. */
  together(nowUs: number, work: () => void): void {
    this.#begin(nowUs);
    try {
      work();
    } finally {
      this.#end();
    }
  }

  #begin(nowUs: number): void {
    if (this.#nesting++ > 0) return;
    this.#desk.nowUs = nowUs;
    this.#updateIdBefore = this.#updateId;
  }

  #end(): void {
    this.#endAggregate();
    while (this.#aftermath.tryNext()) this.#endAggregate();
    if (--this.#nesting > 0) return;
    const { touched, nowUs } = this.#desk;
    if (touched.size > 0) {
      for (const account of touched) {
        account.updatedUs = nowUs;
        this.#listener.onBalances(account, this.#assets, nowUs);
      }
      touched.clear();
    }
    if (this.#updateId !== this.#updateIdBefore) this.#listener.onBook(this, nowUs);
  }

  #work(order: Order): void {
    const { request } = order;
    order.workingUs = this.#desk.nowUs;
    const outcome = this.engine.place(
      order,
      hasNoLimit(request.type) ? "IOC" : request.timeInForce,
      request.prevention,
    );
    if (outcome === "EXPIRED") {
      this.#desk.end(order, "EXPIRED", "EXPIRED", expiryReason(request));
      if (order.list !== null) this.#lists.onEnded(order);
    }
  }

  #endAggregate(): void {
    const aggregate = this.tape.endAggregate();
    if (aggregate !== undefined) this.#listener.onAggregate(this, aggregate);
  }

  #onFill(taker: BookOrder, maker: BookOrder, priceTicks: number, lots: number): void {
    const { nowUs } = this.#desk;
    const quoteUnits = this.#settlement.quoteUnits(priceTicks, lots);
    const trade = this.tape.add(priceTicks, lots, quoteUnits, maker.side === "BUY", nowUs);
    this.#listener.onTrade(this, trade);
    const ended = this.tape.aggregate(trade);
    if (ended !== undefined) this.#listener.onAggregate(this, ended);
    if (taker instanceof Order && taker.list !== null) this.#lists.onActive(taker);
    if (maker instanceof Order && maker.list !== null) this.#lists.onActive(maker);
    this.#settlement.settle(taker, trade, false);
    this.#settlement.settle(maker, trade, true);
    if (taker instanceof Order && taker.list !== null && !taker.isOpen) this.#lists.onEnded(taker);
    if (maker instanceof Order && maker.list !== null && !maker.isOpen) this.#lists.onEnded(maker);
    this.#triggers.onTrade(priceTicks, nowUs, this.#aftermath);
  }

  #onPrevented(taker: BookOrder, maker: BookOrder, takerLots: number, makerLots: number): void {
    if (!(taker instanceof Order) || !(maker instanceof Order)) return; // the house tells nobody
    this.#settlement.prevent(taker, maker, takerLots, makerLots);
    if (maker.list !== null && !maker.isOpen) this.#lists.onEnded(maker);
    if (taker.list !== null && !taker.isOpen) this.#lists.onEnded(taker);
  }
}

function expiryReason({ type, timeInForce }: OrderRequest): ExpiryReason {
  if (hasNoLimit(type)) return "INSUFFICIENT_LIQUIDITY";
  return timeInForce === "FOK" ? "UNFILLED_FOK_ORDER_EXPIRED" : "UNFILLED_IOC_QUANTITY_EXPIRED";
}
