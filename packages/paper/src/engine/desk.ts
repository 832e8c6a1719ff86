import type { Instrument } from "../instruments.ts";
import type { Account } from "./accounts.ts";
import { OrderLedger } from "./ledger.ts";
import type { Locks } from "./locks.ts";
import type { Market } from "./market.ts";
import {
  type ExpiryReason,
  type Fill,
  Order,
  type OrderRequest,
  type OrderStatus,
  type PreventedMatch,
} from "./order.ts";
import type { OrderList } from "./order-list.ts";
import type { Execution, MarketListener, OrderReport } from "./report.ts";

interface MutableReport extends OrderReport {
  order: Order;
  execution: Execution;
  executionId: number;
  atUs: number;
  fill: Fill | undefined;
  prevented: PreventedMatch | undefined;
  originalClientOrderId: string;
  list: OrderList | undefined;
}

export interface DeskOptions {
  readonly market: Market;
  readonly instrument: Instrument;
  readonly locks: Locks;
  readonly listener: MarketListener;
  /** Closed orders, and fills, that are kept. */
  readonly keptOrders: number;
  /** Called with each order accepted from an account. */
  readonly onAccepted: (order: Order) => void;
}

/**
 * What becomes of one market's account orders outside the book: accepted, locked for, ended, told of.
 *
 * Every change of an order's status goes through here, so that the ledger, the lock and the report cannot disagree.
 */
export class Desk {
  readonly ledger: OrderLedger;
  /** Accounts whose balances the running call may have changed. */
  readonly touched = new Set<Account>();
  /** Time of the running call, microseconds since the epoch. */
  nowUs = 0;
  readonly #market: Market;
  readonly #locks: Locks;
  readonly #listener: MarketListener;
  readonly #onAccepted: (order: Order) => void;
  #report: MutableReport | undefined;
  #nextExecutionId = 1;

  constructor({ market, instrument, locks, listener, keptOrders, onAccepted }: DeskOptions) {
    this.ledger = new OrderLedger(instrument.base, instrument.quote, keptOrders);
    this.#market = market;
    this.#locks = locks;
    this.#listener = listener;
    this.#onAccepted = onAccepted;
  }

  /** Writes down a new order, for which `lockedUnits` are locked already. It is told of by `report`. */
  accept(id: number, request: OrderRequest, lots: number, lockedUnits: bigint): Order {
    const { account } = request;
    const order = new Order(id, request, this.ledger.seat(account), lots, this.nowUs);
    order.lockedUnits = lockedUnits;
    this.ledger.add(order);
    this.#onAccepted(order);
    this.touched.add(account);
    return order;
  }

  /** The order is done. What is locked for it is free again, or goes to the order that shared the lock and is still open. */
  end(order: Order, status: OrderStatus, execution: Execution, reason: ExpiryReason = "NONE"): void {
    order.status = status;
    order.expiryReason = reason;
    this.close(order);
    this.report(order, execution);
  }

  /** As `end`, of an order whose status and report are the caller's. */
  close(order: Order): void {
    this.ledger.close(order);
    const partner = order.list?.partnerOf(order);
    if (partner?.isOpen === true) {
      partner.lockedUnits += order.lockedUnits;
      order.lockedUnits = 0n;
    } else {
      this.unlock(order, order.lockedUnits);
    }
    this.touched.add(order.seat.account);
  }

  /** An order that is closed by its account goes by the id of the request that did it. */
  cancel(order: Order, cancelId: string): void {
    order.status = "CANCELED";
    this.close(order);
    this.ledger.rename(order, cancelId);
    this.report(order, "CANCELED", undefined, undefined, order.originalClientOrderId);
  }

  /** Unlocks what an open order has more than it needs. */
  trim(order: Order): void {
    this.unlock(order, order.lockedUnits - this.#locks.neededFor(order));
  }

  unlock(order: Order, units: bigint): void {
    if (units === 0n) return;
    order.lockedUnits -= units;
    order.seat.unlock(order.side, units);
    this.touched.add(order.seat.account);
  }

  /** Locks `units` more for an open order; false, and nothing changed, when there is less. */
  tryLock(order: Order, units: bigint): boolean {
    if (!order.seat.tryLock(order.side, units)) return false;
    order.lockedUnits += units;
    this.touched.add(order.seat.account);
    return true;
  }

  /** Tells the listener. @returns The execution's id. */
  report(
    order: Order,
    execution: Execution,
    fill?: Fill,
    prevented?: PreventedMatch,
    originalClientOrderId = "",
    list?: OrderList,
  ): number {
    if (execution !== "LIST_STATUS") order.updatedUs = this.nowUs;
    const executionId = this.#nextExecutionId++;
    let report = this.#report;
    if (report === undefined) {
      report = { order, execution, executionId, atUs: 0, fill, prevented, originalClientOrderId, list };
      this.#report = report;
    }
    report.order = order;
    report.execution = execution;
    report.executionId = executionId;
    report.atUs = this.nowUs;
    report.fill = fill;
    report.prevented = prevented;
    report.originalClientOrderId = originalClientOrderId;
    report.list = list;
    this.#listener.onReport(this.#market, report);
    return executionId;
  }
}
