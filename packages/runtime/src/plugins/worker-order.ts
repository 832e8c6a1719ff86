import type { Instrument } from "@pitlane/sdk";
import { type Intent, isFinal, type OrderState, type OrderView } from "../orders/order.ts";
import type { OrderNews } from "./worker-protocol.ts";

/** An order as a worker knows it: its own record, moved by the news that reaches the worker. */
export class WorkerOrder implements OrderView {
  readonly ref: number;
  readonly strategy: string;
  /** As plugins that shape have made it, once the session has told of it. */
  intent: Intent;
  /** `worker-N` until the session has given it its own. */
  clientOrderId: string;
  venueOrderId = "";
  state: OrderState = "intended";
  filledLots = 0;
  reason = "";

  constructor(ref: number, strategy: string, intent: Intent) {
    this.ref = ref;
    this.strategy = strategy;
    this.intent = intent;
    this.clientOrderId = `worker-${ref}`;
  }

  /** A worker cannot amend: its size is the intent's. */
  get sizeLots(): number {
    return this.intent.sizeLots;
  }

  get isOpen(): boolean {
    return !isFinal(this.state);
  }

  apply(news: OrderNews): void {
    this.clientOrderId = news.clientOrderId;
    this.venueOrderId = news.venueOrderId;
    this.state = news.state;
    this.filledLots = news.filledLots;
    this.reason = news.reason;
    if (news.terms !== undefined) this.#take(news.terms);
  }

  #take(terms: NonNullable<OrderNews["terms"]>): void {
    const { type, timeInForce, sizeLots, priceTicks } = this.intent;
    const isSame =
      terms.type === type &&
      terms.timeInForce === timeInForce &&
      terms.sizeLots === sizeLots &&
      terms.priceTicks === priceTicks;
    if (isSame) return;
    const { timeInForce: _wished, ...rest } = this.intent;
    this.intent = { ...rest, ...terms };
  }
}

const FINISHED_KEPT = 1_000;

/** A worker's orders by number. The last finished ones stay known: a fill may be told after the end. */
export class WorkerOrders {
  readonly #byRef = new Map<number, WorkerOrder>();
  readonly #open = new Set<WorkerOrder>();
  readonly #finished: number[] = [];

  add(order: WorkerOrder): void {
    this.#byRef.set(order.ref, order);
    if (order.isOpen) this.#open.add(order);
  }

  get(ref: number): WorkerOrder | undefined {
    return this.#byRef.get(ref);
  }

  apply(order: WorkerOrder, news: OrderNews): void {
    order.apply(news);
    if (order.isOpen || !this.#open.delete(order)) return;
    this.#finished.push(order.ref);
    if (this.#finished.length > FINISHED_KEPT) this.#byRef.delete(this.#finished.shift()!);
  }

  open(instrument: Instrument | undefined): readonly WorkerOrder[] {
    return [...this.#open].filter(({ intent }) => instrument === undefined || intent.instrument === instrument);
  }
}
