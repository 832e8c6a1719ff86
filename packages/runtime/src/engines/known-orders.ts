import { Ring } from "@pitlane/perf/ring";
import type { Instrument } from "@pitlane/sdk";
import type { Order } from "../orders/order.ts";
import { ForgottenOrders } from "./forgotten-orders.ts";

const FINISHED_KEPT = 10_000;
const DENIED_KEPT = 1_000;
const STRAYS_KNOWN = 10_000;

/**
 * The orders of a run, by client order id: all that are open, all that ended and whose fills are not all booked, and of the others that ended the
 * last 10,000 (of denied ones the last 1,000). A late report may still name a finished order; older ones would only fill the memory, and are
 * `forgotten` but for a few bytes.
 *
 *     open -> end -> kept -> forgotten
 *                 -> owed -> settled -> kept -> forgotten
 *
 * Orders that are owed fills have no bound of their own, as to forget one is to lose money. What they may have spent stays put aside until it
 * is booked, so that risk ends their number where the account's balance ends; the venue is asked for them at each comparison.
 */
export class KnownOrders {
  /** Those that may still trade, oldest first. */
  readonly open = new Set<Order>();
  /** What is left of the others. */
  readonly forgotten: ForgottenOrders;
  readonly #byId = new Map<string, Order>();
  readonly #added: Order[] = []; // to go into `byId` when somebody looks there: an order on its way to the wire does not wait for that
  readonly #finished: Ring<Order>;
  readonly #denied = new Ring<Order>(DENIED_KEPT); // apart: a flood of them must not push out those that the venue may still speak of
  readonly #owed = new Map<Order, boolean>(); // ended, some fills not booked; true for those that their ring has let go of
  readonly #strays = new Set<string>();

  /** @param numbers Intents so far, by strategy: live. @param finishedKept How many that ended are kept. */
  constructor(runKey: string, numbers: readonly number[], finishedKept = FINISHED_KEPT) {
    this.forgotten = new ForgottenOrders(runKey, numbers);
    this.#finished = new Ring(finishedKept);
  }

  /** An order was wanted. It becomes an open one by `open.add`, once risk has approved it. */
  add(order: Order): void {
    this.#added.push(order);
  }

  /** An order has come to its end, or has ended and more was filled: it stays known for a while. @returns False when it had ended before. */
  end(order: Order): boolean {
    const isNew = this.open.delete(order) || order.state === "denied";
    if (order.bookedLots < order.filledLots && !this.#owed.has(order)) this.#owed.set(order, false);
    if (isNew) this.#keep(order);
    return isNew;
  }

  /** Fills of an order were booked. */
  settle(order: Order): void {
    if (this.#owed.size === 0 || order.bookedLots < order.filledLots) return;
    const isLetGo = this.#owed.get(order);
    this.#owed.delete(order);
    if (isLetGo === true) this.#keep(order);
  }

  /** Takes over an order that ended in an earlier process, and whose fills are not all booked. */
  owe(order: Order): void {
    this.add(order);
    this.#owed.set(order, true);
  }

  clear(): void {
    this.#known().clear();
    this.open.clear();
    this.#owed.clear();
    this.#finished.drain(() => {});
    this.#denied.drain(() => {});
    this.forgotten.clear();
  }

  find(clientOrderId: string): Order | undefined {
    return this.#known().get(clientOrderId);
  }

  /** Open orders, oldest first; of one strategy or instrument when given. */
  listOpen(owner?: number, instrument?: Instrument): readonly Order[] {
    const open: Order[] = [];
    for (const order of this.open) {
      if (
        (owner === undefined || order.owner === owner) &&
        (instrument === undefined || order.intent.instrument === instrument)
      )
        open.push(order);
    }
    return open;
  }

  /** Orders of one strategy whose tag begins with `prefix`, oldest first, ended ones among them. */
  tagged(owner: number, prefix: string): readonly Order[] {
    return [...this.#known().values()].filter(
      (order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true,
    );
  }

  /** Orders whose fills are not all booked yet, open ones first. */
  withMissingFills(): readonly Order[] {
    const open = [...this.open].filter((order) => order.bookedLots < order.filledLots);
    return [...open, ...this.#owed.keys()];
  }

  /** Those of them that have ended. */
  get owed(): readonly Order[] {
    return [...this.#owed.keys()];
  }

  /** Orders whose outcome is unknown now. */
  get unknown(): number {
    let count = 0;
    for (const order of this.open) if (order.state === "unknown") count++;
    return count;
  }

  /** True while an order at a venue has an outcome that nobody knows. */
  hasUnknown(venue: string): boolean {
    for (const { state, intent } of this.open)
      if (state === "unknown" && intent.instrument.venue === venue) return true;
    return false;
  }

  /** Notes an id that the venue has spoken of and that tells of no order known here; false when it was noted before. */
  noteStray(clientOrderId: string): boolean {
    const strays = this.#strays;
    if (strays.has(clientOrderId)) return false;
    if (strays.size === STRAYS_KNOWN) strays.clear(); // another session on the same account: one word too many rather than memory without end
    strays.add(clientOrderId);
    return true;
  }

  #known(): Map<string, Order> {
    const added = this.#added;
    if (added.length > 0) {
      for (const order of added) this.#byId.set(order.clientOrderId, order);
      added.length = 0;
    }
    return this.#byId;
  }

  #keep(order: Order): void {
    const kept = order.state === "denied" ? this.#denied : this.#finished;
    if (kept.tryPush(order)) return;
    const oldest = kept.shift();
    if (oldest !== undefined) this.#letGo(oldest);
    kept.tryPush(order);
  }

  #letGo(order: Order): void {
    if (this.#owed.has(order)) {
      this.#owed.set(order, true);
      return;
    }
    this.#known().delete(order.clientOrderId);
    if (order.state !== "denied") this.forgotten.add(order); // the venue has never heard of one that was
  }
}
