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
  /** The part of `openLots` that a resting iceberg does not show; 0 for any other order. */
  hiddenLots = 0;
  /** Most lots it shows at once while it rests; 0 when it is no iceberg. */
  readonly icebergLots: number;
  level: Level | null = null;
  previous: BookOrder | null = null;
  next: BookOrder | null = null;

  constructor(id: number, owner: number, side: Side, limitTicks: number, lots: number, icebergLots = 0) {
    this.id = id;
    this.owner = owner;
    this.side = side;
    this.limitTicks = limitTicks;
    this.openLots = lots;
    this.icebergLots = icebergLots;
  }
}

/** All resting orders of one side at one price, oldest first. */
export class Level {
  readonly priceTicks: number;
  /** Sum of what its orders show, in lots. */
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
 * A level is found by binary search: books are a few hundred levels, mostly changed at their end. In front of the search stands a
 * table of 1024 slots by price: quotes come back to the same prices, and a hit is one read instead of nine.
 */
export class BookSide {
  readonly side: Side;
  /** Worst price first. Read only for others. */
  readonly levels: Level[] = [];
  readonly #sign: 1 | -1;
  readonly #recent: (Level | null)[] = new Array<Level | null>(1024).fill(null);

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

  /** Queues `order` behind the others of its price; of an iceberg, it shows the first part. */
  append(order: BookOrder): Level {
    const { limitTicks, icebergLots } = order;
    const slot = limitTicks & 1023;
    let level = this.#recent[slot]!;
    if (level === null || level.priceTicks !== limitTicks) {
      level = this.#levelAt(limitTicks);
      this.#recent[slot] = level;
    }
    order.hiddenLots = icebergLots > 0 && icebergLots < order.openLots ? order.openLots - icebergLots : 0;
    link(order, level);
    level.lots += order.openLots - order.hiddenLots;
    return level;
  }

  /** Shows the next part of an iceberg whose shown one was filled: it goes to the end of the queue. */
  replenish(order: BookOrder, level: Level): void {
    const shown = Math.min(order.icebergLots, order.openLots);
    order.hiddenLots = order.openLots - shown;
    level.lots += shown;
    if (order.next === null) return;
    detach(order, level);
    link(order, level);
  }

  /** Takes `order` out of its level's queue; the level stays, even when empty. */
  unlink(order: BookOrder, level: Level): void {
    detach(order, level);
    level.lots -= order.openLots - order.hiddenLots;
    order.hiddenLots = 0;
    order.level = null;
    order.previous = null;
    order.next = null;
  }

  /** Removes `level` when no order is left in it. */
  dropIfEmpty(level: Level): void {
    if (level.head !== null) return;
    const { levels } = this;
    const last = levels.length - 1;
    if (levels[last] === level) levels.pop();
    else levels.splice(this.#indexOf(level.priceTicks), 1);
    const slot = level.priceTicks & 1023;
    if (this.#recent[slot] === level) this.#recent[slot] = null;
  }

  /** Lots at `priceTicks`; 0 where there is no level. */
  lotsAt(priceTicks: number): number {
    return this.at(priceTicks)?.lots ?? 0;
  }

  #levelAt(priceTicks: number): Level {
    const { levels } = this;
    const index = this.#indexOf(priceTicks);
    const found = levels[index];
    if (found !== undefined && found.priceTicks === priceTicks) return found;
    const level = new Level(priceTicks);
    if (index === levels.length) levels.push(level);
    else levels.splice(index, 0, level);
    return level;
  }

  // Where the level of that price is, or would be inserted.
  #indexOf(priceTicks: number): number {
    const { levels } = this;
    const sign = this.#sign;
    const key = sign * priceTicks;
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sign * levels[middle]!.priceTicks < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function link(order: BookOrder, level: Level): void {
  const { tail } = level;
  order.level = level;
  order.previous = tail;
  order.next = null;
  if (tail === null) level.head = order;
  else tail.next = order;
  level.tail = order;
}

function detach(order: BookOrder, level: Level): void {
  const { previous, next } = order;
  if (previous === null) level.head = next;
  else previous.next = next;
  if (next === null) level.tail = previous;
  else next.previous = previous;
}
