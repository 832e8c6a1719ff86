import type { Clock } from "@pitlane/perf";
import type { Order } from "../orders/order.ts";
import { attribute } from "./attribution.ts";
import type { AnsweredOrder } from "./sample.ts";
import type { OrderTimer } from "./slow-orders.ts";

type Listener = (order: AnsweredOrder) => void;

/** Those who are told of each order whose call has ended. Makes nothing while there is none. */
export class OrderListeners implements OrderTimer {
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #listeners = new Map<Listener, (message: string) => void>();

  constructor(clock: Pick<Clock, "nowUs">) {
    this.#clock = clock;
  }

  /** @param onFault Told of what `listener` throws, which is then told no more. @returns Ends it. */
  add(listener: Listener, onFault: (message: string) => void): () => void {
    const own: Listener = (order) => listener(order); // who comes twice is told twice, and leaves once
    this.#listeners.set(own, onFault);
    return () => void this.#listeners.delete(own);
  }

  offer(order: Order, triggerNs: number, approvedNs: number, turnNs: number, sentNs: number, answeredNs: number): void {
    if (this.#listeners.size === 0) return;
    const { clientOrderId, strategy, intent, bornNs } = order;
    const times = { triggerNs, bornNs, approvedNs, turnNs, sentNs, answeredNs };
    const { totalUs, stages } = attribute(times, []);
    if (Number.isNaN(totalUs)) return; // of a run before this one: when it was wanted is not known here
    const told: AnsweredOrder = {
      clientOrderId,
      strategy,
      instrument: intent.instrument.id,
      atUs: this.#clock.nowUs(),
      totalUs,
      stages,
    };
    for (const [listener, onFault] of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        this.#listeners.delete(listener);
        onFault(`who listens to orders failed, and is told no more: ${String(error)}`);
      }
    }
  }
}
