import type { OrderView } from "../orders/order.ts";

/** Numbers of a worker's orders as a snapshot keeps them. */
export interface RefsRecord {
  readonly next: number;
  readonly open: readonly (readonly [ref: number, clientOrderId: string])[];
}

const FINISHED_KEPT = 1_000;

/** Which number of a worker's is which order of the session's. The last finished ones stay known: a fill may be told after the end. */
export class WorkerRefs {
  readonly #orders = new Map<number, OrderView>();
  readonly #byId = new Map<string, number>();
  readonly #finished: number[] = [];
  #next = 1;

  /** The number after the highest ever used. */
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

  /** Forgets the oldest finished order once there are enough later ones. */
  finish(ref: number): void {
    if (this.#finished.includes(ref)) return;
    this.#finished.push(ref);
    if (this.#finished.length <= FINISHED_KEPT) return;
    const oldest = this.#finished.shift()!;
    const order = this.#orders.get(oldest);
    this.#orders.delete(oldest);
    if (order !== undefined) this.#byId.delete(order.clientOrderId);
  }

  /** Those of `orders` that have a number, with it. */
  known(orders: readonly OrderView[]): readonly (readonly [ref: number, order: OrderView])[] {
    return orders.flatMap((order) => {
      const ref = this.#byId.get(order.clientOrderId);
      return ref === undefined ? [] : [[ref, order] as const];
    });
  }

  record(): RefsRecord {
    const open = [...this.#orders].filter(([, order]) => order.isOpen);
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
