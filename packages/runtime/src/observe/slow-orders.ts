import type { Clock } from "@pitlane/perf";
import type { Order } from "../orders/order.ts";
import { attribute, type OrderTimes } from "./attribution.ts";
import { Disturbances } from "./disturbances.ts";
import { OrderListeners } from "./order-listeners.ts";
import type { AnsweredOrder, Disturbance, SlowOrder } from "./sample.ts";

/** Told of each order whose call to the venue has ended. */
export interface OrderTimer {
  /** Times are those of `OrderTimes`; the order's own `bornNs` is another of them. */
  offer(order: Order, triggerNs: number, approvedNs: number, turnNs: number, sentNs: number, answeredNs: number): void;
}

interface Kept {
  readonly clientOrderId: string;
  readonly instrument: string;
  readonly strategy: string;
  readonly atUs: number;
  readonly totalNs: number;
  readonly times: OrderTimes;
}

const SPAN_NS = 300e9;
const SLOT_NS = 10e9;
const SLOTS = SPAN_NS / SLOT_NS + 1;
const MOST = 50;

/**
 * The slowest orders of the last five minutes, and why they were slow.
 *
 *     | 50 slowest of 10 s | 50 | ... 31 slots ... | 50 | <- the present one: an order faster than its 50 slowest costs one comparison
 *
 * A slot keeps its own 50, so what a slower order of another slot has pushed out of the list is there when that one is too old. What
 * overlapped an order is looked up when the list is asked for: pauses of the collector are told of after the order's end.
 *
 * @example
 * const slow = new SlowOrders(clock);
 * const gateway = new OrderGateway({ ...options, timer: slow });
 * slow.note({ kind: "gc", what: "major", startNs, endNs });
 * slow.slowest()[0]?.slowest; // "queue"
 */
export class SlowOrders implements OrderTimer {
  readonly #clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly #disturbances = new Disturbances();
  readonly #slots: Kept[][] = [];
  readonly #listeners: OrderListeners;
  #number = Number.NaN; // of the present slot, counted from the clock's beginning
  #present: Kept[] = [];
  #floorNs = Number.NEGATIVE_INFINITY; // orders that took no longer are not among the present slot's slowest

  constructor(clock: Pick<Clock, "nowUs" | "monotonicNs">) {
    this.#clock = clock;
    this.#listeners = new OrderListeners(clock);
  }

  /** Each order that is offered is told to `listener`, the fast ones too. See `OrderListeners.add`. */
  onOrder(listener: (order: AnsweredOrder) => void, onFault: (message: string) => void): () => void {
    return this.#listeners.add(listener, onFault);
  }

  offer(order: Order, triggerNs: number, approvedNs: number, turnNs: number, sentNs: number, answeredNs: number): void {
    this.#listeners.offer(order, triggerNs, approvedNs, turnNs, sentNs, answeredNs);
    const { bornNs } = order;
    const totalNs = answeredNs - (Number.isNaN(triggerNs) ? bornNs : triggerNs);
    const number = Math.floor(answeredNs / SLOT_NS);
    if (number !== this.#number) this.#open(number);
    if (!(totalNs > this.#floorNs)) return;
    const { clientOrderId, strategy, intent } = order;
    const times = { triggerNs, bornNs, approvedNs, turnNs, sentNs, answeredNs };
    this.#keep({
      clientOrderId,
      strategy,
      instrument: intent.instrument.id,
      atUs: this.#clock.nowUs(),
      totalNs,
      times,
    });
  }

  /** Something held the process or the wire up. May come late: at most five minutes after its end. */
  note(disturbance: Disturbance): void {
    this.#disturbances.note(disturbance);
  }

  /** Slowest first, at most 50. Looks through all that disturbed: for once a second, not for each order. */
  slowest(): readonly SlowOrder[] {
    const sinceNs = this.#clock.monotonicNs() - SPAN_NS;
    return this.#slots
      .flat()
      .filter(({ times }) => times.answeredNs > sinceNs)
      .sort((a, b) => b.totalNs - a.totalNs)
      .slice(0, MOST)
      .map(({ clientOrderId, instrument, strategy, atUs, totalNs, times }) => {
        const disturbances = this.#disturbances.overlapping(times.answeredNs - totalNs, times.answeredNs);
        return { clientOrderId, instrument, strategy, atUs, ...attribute(times, disturbances) };
      });
  }

  #open(number: number): void {
    this.#number = number;
    this.#present = [];
    this.#slots[number % SLOTS] = this.#present;
    this.#floorNs = Number.NEGATIVE_INFINITY;
  }

  #keep(kept: Kept): void {
    const present = this.#present;
    if (present.length < MOST) present.push(kept);
    else present[indexOfFastest(present)] = kept;
    if (present.length === MOST) this.#floorNs = present[indexOfFastest(present)]!.totalNs;
  }
}

function indexOfFastest(kept: readonly Kept[]): number {
  let found = 0;
  for (let i = 1; i < kept.length; i++) if (kept[i]!.totalNs < kept[found]!.totalNs) found = i;
  return found;
}
