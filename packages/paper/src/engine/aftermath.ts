import type { Desk } from "./desk.ts";
import type { Lists } from "./lists.ts";
import type { Locks } from "./locks.ts";
import { hasNoLimit, type Order } from "./order.ts";
import { OrderList } from "./order-list.ts";

export interface AftermathOptions {
  readonly desk: Desk;
  readonly locks: Locks;
  readonly lists: Lists;
  /** Matches an order and rests what is left of it. */
  readonly work: (order: Order) => void;
}

/**
 * What trades have set off and is done once the running match is over: triggered orders, and lists whose pending legs are to be placed.
 *
 * Oldest first; each may set off more. It ends, because an order is triggered once and a list is activated once.
 */
export class Aftermath {
  readonly #options: AftermathOptions;
  readonly #due: (Order | OrderList)[] = [];

  constructor(options: AftermathOptions) {
    this.#options = options;
  }

  push(due: Order | OrderList): void {
    this.#due.push(due);
  }

  /** Does the next of what is due; false when nothing is. */
  tryNext(): boolean {
    const due = this.#due.shift();
    if (due === undefined) return false;
    if (due instanceof OrderList) this.#options.lists.activate(due);
    else if (due.isOpen) this.#run(due);
    return true;
  }

  #run(order: Order): void {
    const { desk, lists, work } = this.#options;
    if (order.list !== null) {
      lists.onActive(order);
      desk.trim(order);
    }
    if (order.side === "BUY" && hasNoLimit(order.request.type) && !this.#tryLockCost(order)) {
      order.rejectReason = "INSUFFICIENT_BALANCES";
      desk.end(order, "EXPIRED", "EXPIRED", "REJECTED");
      if (order.list !== null) lists.onEnded(order);
      return;
    }
    order.workingUs = desk.nowUs;
    desk.report(order, "NEW");
    work(order);
  }

  // A buy without limit price may cost more now than what was locked for it when it was placed.
  #tryLockCost(order: Order): boolean {
    const { desk, locks } = this.#options;
    const more = locks.costOf(order.request, order.openLots) - order.lockedUnits;
    return more <= 0n || desk.tryLock(order, more);
  }
}
