import type { OrderView } from "pitlane";

/** Ended children that are still watched for a late fill. */
const ENDED_WATCHED = 1_000;

/** An account as snapshots keep it. */
export type AccountRecord = {
  readonly settledLots: number;
  readonly next: number;
  /** Children that could still trade: number and size in lots. */
  readonly open: readonly (readonly [number, number])[];
};

/**
 * What the child orders of one parent have filled and may yet fill, exactly.
 *
 *     parent  |---- filled ----|---- may yet fill ----|---- free ----|
 *             '-------------- committed --------------'
 *
 * A child counts with its whole size until it has ended, also while nobody knows what became of it: a new child is cut from `free` alone, so
 * all of them together never fill more than the parent's size.
 *
 * @example
 * const account = new Account(100);
 * account.add(ctx.submit({ ...terms, sizeLots: 40 }));
 * account.freeLots; // 60
 */
export class Account {
  /** Most that all children may fill together, in lots. */
  limitLots: number;
  readonly #open = new Map<number, OrderView>();
  readonly #ended = new Map<string, number>(); // lots counted, by client order id
  #settledLots = 0;
  #openLots = 0; // whole sizes of open children
  #openFilledLots = 0;
  #next = 1;

  constructor(limitLots: number) {
    this.limitLots = limitLots;
  }

  /** Number that the next child gets in its tag. */
  get next(): number {
    return this.#next;
  }

  /** Children that may still trade. */
  get open(): number {
    return this.#open.size;
  }

  /** Filled by all children so far. */
  get filledLots(): number {
    return this.#settledLots + this.#openFilledLots;
  }

  /** Filled, or possibly filled later. */
  get committedLots(): number {
    return this.#settledLots + this.#openLots;
  }

  /** What a new child may take. */
  get freeLots(): number {
    return Math.max(0, this.limitLots - this.committedLots);
  }

  /** Takes a new child in. */
  add(order: OrderView): void {
    this.#track(this.#next++, order);
  }

  /** Reads the children anew. @returns Those that have ended since. */
  refresh(): readonly OrderView[] {
    const ended: OrderView[] = [];
    this.#openLots = 0;
    this.#openFilledLots = 0;
    for (const [number, order] of this.#open) {
      if (order.isOpen) {
        this.#openLots += order.sizeLots;
        this.#openFilledLots += order.filledLots;
        continue;
      }
      this.#open.delete(number);
      this.#settledLots += order.filledLots;
      this.#watch(order);
      ended.push(order);
    }
    return ended;
  }

  /** A child has news. One that ended may have filled more than its end said: the venue's reports overtake each other. */
  hear(order: OrderView): void {
    const counted = this.#ended.get(order.clientOrderId);
    if (counted === undefined || order.filledLots <= counted) return;
    this.#settledLots += order.filledLots - counted;
    this.#ended.set(order.clientOrderId, order.filledLots);
  }

  /** Calls `visit` for every child that may still trade. */
  forEachOpen(visit: (order: OrderView) => void): void {
    for (const order of this.#open.values()) visit(order);
  }

  record(): AccountRecord {
    this.refresh();
    const open = Array.from(this.#open, ([number, { sizeLots }]) => [number, sizeLots] as const);
    return { settledLots: this.#settledLots, next: this.#next, open };
  }

  /**
   * Takes over what was recorded, with the children as they are now.
   *
   * @param children By their number, also those that the record knows nothing of.
   * @returns Lots of recorded children that nobody knows any more: they count as filled.
   */
  restore({ settledLots, next, open }: AccountRecord, children: ReadonlyMap<number, OrderView>): number {
    this.#settledLots = settledLots;
    this.#next = next;
    let lostLots = 0;
    for (const [number, sizeLots] of open) {
      const order = children.get(number);
      if (order === undefined) lostLots += sizeLots;
      else this.#track(number, order);
    }
    this.#settledLots += lostLots;
    this.adopt(children);
    return lostLots;
  }

  /** Takes in children that were submitted after what is known here: a process that was killed has left them. */
  adopt(children: ReadonlyMap<number, OrderView>): void {
    for (const [number, order] of children) {
      if (number < this.#next) continue;
      this.#track(number, order);
      this.#next = number + 1;
    }
    this.refresh();
  }

  #track(number: number, order: OrderView): void {
    this.#open.set(number, order);
    this.#openLots += order.sizeLots;
    this.#openFilledLots += order.filledLots;
  }

  #watch(order: OrderView): void {
    this.#ended.set(order.clientOrderId, order.filledLots);
    if (this.#ended.size <= ENDED_WATCHED) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }
}
