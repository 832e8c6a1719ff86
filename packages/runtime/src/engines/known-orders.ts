import { Ring } from "@pitlane/perf/ring";
import type { Instrument } from "@pitlane/sdk";
import type { Order } from "../orders/order.ts";

const FINISHED_KEPT = 10_000;
const DENIED_KEPT = 1_000;
const STRAYS_KNOWN = 10_000;

/**
 * The orders of a run, by client order id: all that are open, and of those that ended the last 10,000 (of denied ones the last 1,000). A late
 * report may still name a finished order; older ones would only fill the memory.
 */
export class KnownOrders {
  /** Those that may still trade, oldest first. */
  readonly open = new Set<Order>();
  readonly #byId = new Map<string, Order>();
  readonly #finished = new Ring<Order>(FINISHED_KEPT);
  readonly #denied = new Ring<Order>(DENIED_KEPT); // apart: a flood of them must not push out those that the venue may still speak of
  readonly #strays = new Set<string>();

  /** An order was wanted. It becomes an open one by `open.add`, once risk has approved it. */
  add(order: Order): void {
    this.#byId.set(order.clientOrderId, order);
  }

  /** An order has come to its end: it stays known for a while. */
  end(order: Order): void {
    this.open.delete(order);
    const kept = order.state === "denied" ? this.#denied : this.#finished;
    if (kept.tryPush(order)) return;
    const oldest = kept.shift();
    if (oldest !== undefined) this.#byId.delete(oldest.clientOrderId);
    kept.tryPush(order);
  }

  clear(): void {
    this.#byId.clear();
    this.open.clear();
  }

  find(clientOrderId: string): Order | undefined {
    return this.#byId.get(clientOrderId);
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
    return [...this.#byId.values()].filter(
      (order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true,
    );
  }

  /** Orders whose fills are not all booked yet. */
  withMissingFills(): readonly Order[] {
    return [...this.#byId.values()].filter((order) => order.bookedLots < order.filledLots);
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

  /** Notes an id that the venue has spoken of and that is of no order here; false when it was noted before. */
  noteStray(clientOrderId: string): boolean {
    const strays = this.#strays;
    if (strays.has(clientOrderId)) return false;
    if (strays.size === STRAYS_KNOWN) strays.clear(); // another session on the same account: one word too many rather than memory without end
    strays.add(clientOrderId);
    return true;
  }
}
