import type { Instrument } from "@pitlane/sdk";
import { Heap, type HeapItem } from "./heap.ts";
import { DEFAULT_PRIORITY, type Order } from "./order.ts";

/** An approved order that waits for the wire. */
export interface Waiting extends HeapItem {
  readonly order: Order;
  /** See `OrderWire.send`. */
  readonly triggerNs: number;
  /** When it was approved, monotonic. */
  readonly approvedNs: number;
  /** In the order they came. */
  readonly number: number;
}

/**
 * Orders that wait for the wire: those of the highest priority first, among them those with the most expected profit, among them those that
 * came first. Each instrument has a line of its own, so that one whose answers are slow holds up no other.
 *
 *     push -> line of its instrument -.
 *     push -> line of its instrument --+-> next: the first of all lines whose instrument may send now
 *
 * Bounded by the caller: the execution admits no more than its backlog allows. Taking the next one looks at each line that is not empty.
 */
export class OrderQueue {
  readonly #lines = new Map<Instrument, Heap<Waiting>>();
  readonly #waiting = new Map<Order, Waiting>();
  #number = 0;

  get size(): number {
    return this.#waiting.size;
  }

  push(order: Order, triggerNs: number, approvedNs: number): void {
    const { instrument } = order.intent;
    let line = this.#lines.get(instrument);
    if (line === undefined) {
      line = new Heap(isBefore);
      this.#lines.set(instrument, line);
    }
    const waiting = { order, triggerNs, approvedNs, number: this.#number++, heapAt: -1 };
    line.push(waiting);
    this.#waiting.set(order, waiting);
  }

  /** Takes the next order out of those whose instrument may send now; undefined when there is none. */
  next(maySend: (instrument: Instrument) => boolean): Waiting | undefined {
    let first: Waiting | undefined;
    for (const [instrument, line] of this.#lines) {
      const own = line.first;
      if (own === undefined || (first !== undefined && !isBefore(own, first)) || !maySend(instrument)) continue;
      first = own;
    }
    if (first !== undefined) this.#takeOut(first);
    return first;
  }

  /** Takes one order out; false when it does not wait here. */
  remove(order: Order): boolean {
    const waiting = this.#waiting.get(order);
    if (waiting !== undefined) this.#takeOut(waiting);
    return waiting !== undefined;
  }

  /** Takes all of them out, in no particular order. */
  clear(): readonly Order[] {
    const orders = [...this.#waiting.keys()];
    this.#waiting.clear();
    this.#lines.clear();
    return orders;
  }

  #takeOut(waiting: Waiting): void {
    this.#lines.get(waiting.order.intent.instrument)?.remove(waiting);
    this.#waiting.delete(waiting.order);
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  const { priority: ours = DEFAULT_PRIORITY, expectedProfit: ourProfit = 0n } = a.order.intent;
  const { priority: theirs = DEFAULT_PRIORITY, expectedProfit: theirProfit = 0n } = b.order.intent;
  if (ours !== theirs) return ours > theirs;
  return ourProfit === theirProfit ? a.number < b.number : ourProfit > theirProfit;
}
