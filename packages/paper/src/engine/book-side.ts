/** An order's direction. */
export type Side = "BUY" | "SELL";

/** The side that `side` trades with. */
export function opposite(side: Side): Side {
  return side === "BUY" ? "SELL" : "BUY";
}

/** An order as the book sees it. While it rests, `level`, `previous` and `next` are its place in the queue; only the book writes them. */
export class BookOrder {
  /** Unique in its book. */
  readonly id: number;
  /** Whose it is: an account's index. */
  readonly owner: number;
  readonly side: Side;
  /** Worst price it trades at, in ticks; 0 or `Number.MAX_SAFE_INTEGER` for a market order. */
  readonly limitTicks: number;
  /** What is left of it, in lots. */
  openLots: number;
  level: Level | null = null;
  previous: BookOrder | null = null;
  next: BookOrder | null = null;

  constructor(id: number, owner: number, side: Side, limitTicks: number, lots: number) {
    this.id = id;
    this.owner = owner;
    this.side = side;
    this.limitTicks = limitTicks;
    this.openLots = lots;
  }
}

/** All resting orders of one side at one price, oldest first. */
export class Level {
  readonly priceTicks: number;
  /** Sum of its orders, in lots. */
  lots = 0;
  head: BookOrder | null = null;
  tail: BookOrder | null = null;

  constructor(priceTicks: number) {
    this.priceTicks = priceTicks;
  }
}

/**
 * One side of a book: its levels, and at each a queue of orders.
 *
 *   levels   [ worst ... best ]            best is the last, so that trading pops and quoting near the touch shifts little
 *                          |
 *                   head <-> order <-> tail     a linked list through the orders: cancelling from the middle moves nothing
 *
 * A level is found by binary search: books are a few hundred levels, mostly changed at their end.
 */
export class BookSide {
  readonly side: Side;
  /** Worst price first. Read only for others. */
  readonly levels: Level[] = [];
  readonly #sign: 1 | -1;

  constructor(side: Side) {
    this.side = side;
    this.#sign = side === "BUY" ? 1 : -1;
  }

  get best(): Level | undefined {
    return this.levels[this.levels.length - 1];
  }

  at(priceTicks: number): Level | undefined {
    const level = this.levels[this.#indexOf(priceTicks)];
    return level?.priceTicks === priceTicks ? level : undefined;
  }

  /** Queues `order` behind the others of its price. */
  append(order: BookOrder): Level {
    const index = this.#indexOf(order.limitTicks);
    let level = this.levels[index];
    if (level === undefined || level.priceTicks !== order.limitTicks) {
      level = new Level(order.limitTicks);
      if (index === this.levels.length) this.levels.push(level);
      else this.levels.splice(index, 0, level);
    }
    order.level = level;
    order.previous = level.tail;
    order.next = null;
    if (level.tail === null) level.head = order;
    else level.tail.next = order;
    level.tail = order;
    level.lots += order.openLots;
    return level;
  }

  /** Takes `order` out of its level's queue; the level stays, even when empty. */
  unlink(order: BookOrder, level: Level): void {
    if (order.previous === null) level.head = order.next;
    else order.previous.next = order.next;
    if (order.next === null) level.tail = order.previous;
    else order.next.previous = order.previous;
    level.lots -= order.openLots;
    order.level = null;
    order.previous = null;
    order.next = null;
  }

  /** Removes `level` when no order is left in it. */
  dropIfEmpty(level: Level): void {
    if (level.head !== null) return;
    const last = this.levels.length - 1;
    if (this.levels[last] === level) this.levels.pop();
    else this.levels.splice(this.#indexOf(level.priceTicks), 1);
  }

  /** Lots at `priceTicks`; 0 where there is no level. */
  lotsAt(priceTicks: number): number {
    return this.at(priceTicks)?.lots ?? 0;
  }

  // Where the level of that price is, or would be inserted.
  #indexOf(priceTicks: number): number {
    const key = this.#sign * priceTicks;
    let low = 0;
    let high = this.levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sign * this.levels[middle]!.priceTicks < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
