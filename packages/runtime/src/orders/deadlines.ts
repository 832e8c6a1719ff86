import type { Clock } from "@pitlane/perf";
import { Heap, type HeapItem } from "./heap.ts";
import type { Order } from "./order.ts";

/** Until when something is to happen to an order. */
export interface Deadline extends HeapItem {
  readonly order: Order;
  /** Monotonic. */
  readonly dueNs: number;
  /** Ends the request while no byte of it has left; undefined while the order waits in the queue. */
  readonly stop: AbortController | undefined;
  /** True once the request's bytes were handed to the socket. */
  isSent: boolean;
  /** True once it has passed. */
  isPast: boolean;
}

const LOOK_MS = 1;

/**
 * Deadlines of orders, with one sleeper for all, which looks every millisecond while there are any: an answer mostly comes sooner than a timer
 * of its own would have paid off.
 */
export class Deadlines {
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #heap = new Heap<Deadline>((a, b) => a.dueNs < b.dueNs);
  readonly #onPast: (deadline: Deadline) => void;
  readonly #signal: AbortSignal;
  #looking: Promise<void> | undefined;

  /** @param signal Ends the looking. */
  constructor(clock: Pick<Clock, "monotonicNs" | "sleep">, onPast: (deadline: Deadline) => void, signal: AbortSignal) {
    this.#clock = clock;
    this.#onPast = onPast;
    this.#signal = signal;
  }

  get size(): number {
    return this.#heap.size;
  }

  add(order: Order, dueNs: number, stop?: AbortController): Deadline {
    const deadline: Deadline = { order, dueNs, stop, isSent: false, isPast: false, heapAt: -1 };
    this.#heap.push(deadline);
    this.#looking ??= this.#look();
    return deadline;
  }

  /** It need not be looked at any more; nothing when it has passed. */
  remove(deadline: Deadline): void {
    this.#heap.remove(deadline);
  }

  async #look(): Promise<void> {
    while (this.#heap.size > 0 && !this.#signal.aborted) {
      try {
        await this.#clock.sleep(LOOK_MS, this.#signal);
      } catch {
        break; // closing
      }
      const nowNs = this.#clock.monotonicNs();
      for (let next = this.#heap.first; next !== undefined && next.dueNs <= nowNs; next = this.#heap.first) {
        this.#heap.remove(next);
        next.isPast = true;
        this.#onPast(next);
      }
    }
    this.#looking = undefined;
  }
}
