import type { Instrument } from "@pitlane/sdk";
import { type Intent, isFinal, isWorking, type OrderState, type OrderView } from "../orders/order.ts";
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
  sizeLots: number;
  filledLots = 0;
  reason = "";
  /** True from a wish to cancel it until there is news. */
  #isCancelWanted = false;
  /** The size that an amendment under way asks for, in lots; 0 while none is. */
  amendLots = 0;

  constructor(ref: number, strategy: string, intent: Intent) {
    this.ref = ref;
    this.strategy = strategy;
    this.intent = intent;
    this.sizeLots = intent.sizeLots;
    this.clientOrderId = `worker-${ref}`;
  }

  get isOpen(): boolean {
    return !isFinal(this.state);
  }

  get cancelling(): boolean {
    return this.#isCancelWanted || this.state === "pendingCancel";
  }

  /** A cancel is on its way to the session. */
  beginCancel(): void {
    this.#isCancelWanted = true;
    if (isWorking(this.state)) this.state = "pendingCancel";
  }

  /** An amendment is on its way to the session. */
  beginAmend(sizeLots: number): void {
    this.amendLots = sizeLots;
    this.state = "pendingAmend";
  }

  apply(news: OrderNews): void {
    this.clientOrderId = news.clientOrderId;
    this.venueOrderId = news.venueOrderId;
    this.state = news.state;
    this.filledLots = news.filledLots;
    this.reason = news.reason;
    this.#isCancelWanted &&= news.state === "intended" || news.state === "submitted";
    if (news.state !== "pendingAmend") this.amendLots = 0;
    if (news.terms !== undefined) this.#take(news.terms);
  }

  #take({ nowLots, ...terms }: NonNullable<OrderNews["terms"]>): void {
    this.sizeLots = nowLots;
    const { type, timeInForce, sizeLots, priceTicks } = this.intent;
    const isSame =
      terms.type === type &&
      terms.timeInForce === timeInForce &&
      terms.sizeLots === sizeLots &&
      terms.priceTicks === priceTicks;
    if (isSame) return;
    const { timeInForce: _wished, priceTicks: _priced, ...rest } = this.intent;
    this.intent = { ...rest, ...terms };
  }
}

/** As many ended orders as the session itself keeps. */
const FINISHED_KEPT = 10_000;

/** A worker's orders by number. The last finished ones stay known: a fill may be told after the end. */
export class WorkerOrders {
  readonly #byRef = new Map<number, WorkerOrder>();
  readonly #open = new Set<WorkerOrder>();
  readonly #finished = new Set<number>(); // oldest first

  add(order: WorkerOrder): void {
    this.#byRef.set(order.ref, order);
    if (order.isOpen) this.#open.add(order);
    else this.#finish(order);
  }

  get(ref: number): WorkerOrder | undefined {
    return this.#byRef.get(ref);
  }

  apply(order: WorkerOrder, news: OrderNews): void {
    order.apply(news);
    if (!order.isOpen && this.#open.delete(order)) this.#finish(order);
  }

  open(instrument: Instrument | undefined): readonly WorkerOrder[] {
    return [...this.#open].filter(({ intent }) => instrument === undefined || intent.instrument === instrument);
  }

  tagged(prefix: string): readonly WorkerOrder[] {
    return [...this.#byRef.values()].filter(({ intent }) => intent.tag?.startsWith(prefix) === true);
  }

  #finish({ ref }: WorkerOrder): void {
    this.#finished.add(ref);
    if (this.#finished.size <= FINISHED_KEPT) return;
    const [oldest] = this.#finished;
    this.#finished.delete(oldest!);
    this.#byRef.delete(oldest!);
  }
}
