import type { OrderView } from "../orders/order.ts";

/** Numbers of a worker's orders as a snapshot keeps them. */
export interface RefsRecord {
  readonly next: number;
  readonly open: readonly (readonly [ref: number, clientOrderId: string])[];
}

const FINISHED_KEPT = 10_000;

/**
 * Which number of a worker's is which order of the session's. The last finished ones stay known: a fill may be told after the end.
 *
 * Orders that the worker has not wanted itself, of its earlier process or by which the session closes its position, are numbered below 0. Such a
 * number holds in this process alone: no input names one without the order's own id.
 */
export class WorkerRefs {
  readonly #orders = new Map<number, OrderView>();
  readonly #byId = new Map<string, number>();
  readonly #finished = new Set<number>(); // oldest first
  #next = 1;
  #nextAdopted = -1;

  /** The number after the highest that the worker ever used. */
  get next(): number {
    return this.#next;
  }

  add(ref: number, order: OrderView): void {
    this.#orders.set(ref, order);
    this.#byId.set(order.clientOrderId, ref);
    this.#next = Math.max(this.#next, ref + 1);
  }

  order(ref: number): OrderView | undefined {
    return this.#orders.get(ref);
  }

  ref(clientOrderId: string): number | undefined {
    return this.#byId.get(clientOrderId);
  }

  /** The number of an order, given now where it has none. */
  adopt(order: OrderView): number {
    const known = this.#byId.get(order.clientOrderId);
    if (known !== undefined) return known;
    const ref = this.#nextAdopted--;
    this.add(ref, order);
    return ref;
  }

  /** Forgets the oldest finished order once there are enough later ones. */
  finish(ref: number): void {
    this.#finished.add(ref);
    if (this.#finished.size <= FINISHED_KEPT) return;
    const [oldest] = this.#finished;
    this.#finished.delete(oldest!);
    const order = this.#orders.get(oldest!);
    this.#orders.delete(oldest!);
    if (order !== undefined) this.#byId.delete(order.clientOrderId);
  }

  record(): RefsRecord {
    const open = [...this.#orders].filter(([ref, order]) => ref > 0 && order.isOpen);
    return { next: this.#next, open: open.map(([ref, { clientOrderId }]) => [ref, clientOrderId] as const) };
  }

  /** Takes over the numbers of an earlier process. @param orders What is open now. */
  restore(record: RefsRecord | undefined, orders: readonly OrderView[]): void {
    if (record === undefined) return;
    const byId = new Map(orders.map((order) => [order.clientOrderId, order]));
    for (const [ref, clientOrderId] of record.open) {
      const order = byId.get(clientOrderId);
      if (order !== undefined) this.add(ref, order);
    }
    this.#next = Math.max(this.#next, record.next);
  }
}
