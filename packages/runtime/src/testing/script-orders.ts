import type { Fill, Instrument } from "@pitlane/sdk";
import { deny, type Verdict } from "../hooks/verdict.ts";
import { reviewAmend } from "../orders/amend.ts";
import { isUnpriced } from "../orders/kinds.ts";
import { type Intent, Order, type OrderState, type OrderView } from "../orders/order.ts";

/** Orders and positions, where the test says what becomes of them. */
export class ScriptOrders {
  /** Oldest first. */
  readonly all: Order[] = [];
  readonly #positions = new Map<Instrument, number>();
  readonly #ownLots = new Map<string, number>(); // by owner and instrument

  add(owner: number, strategy: string, intent: Intent, state: OrderState): Order {
    const order = new Order(`test-${this.all.length + 1}`, strategy, owner, intent);
    order.state = state;
    this.all.push(order);
    return order;
  }

  cancel(view: OrderView): void {
    const order = this.#find(view);
    if (order?.isOpen) order.state = "cancelled";
  }

  amend(view: OrderView, sizeLots: number): Verdict {
    const order = this.#find(view);
    if (order === undefined) return deny("NOT_OPEN", `there is no order ${view.clientOrderId}`);
    const verdict = reviewAmend(order, sizeLots);
    if (verdict.allowed) order.sizeLots = sizeLots;
    return verdict;
  }

  /** What is left unless a size is given; moves the position. */
  fill(order: Order, priceTicks: number, wantedLots: number | undefined, tradeId: string, atUs: number): Fill {
    const { clientOrderId } = order;
    const { instrument, side, type } = order.intent;
    const sizeLots = wantedLots ?? order.sizeLots - order.filledLots;
    order.filledLots += sizeLots;
    order.state = order.filledLots === order.sizeLots ? "filled" : "partiallyFilled";
    const signedLots = side === "buy" ? sizeLots : -sizeLots;
    add(this.#positions, instrument, signedLots);
    add(this.#ownLots, `${order.owner} ${instrument.id}`, signedLots);
    const about = { instrument, clientOrderId, venueOrderId: "1", tradeId, side, priceTicks, sizeLots, atUs };
    return { ...about, fee: 0n, feeAsset: instrument.quote, isMaker: !isUnpriced(type) };
  }

  open(owner: number, instrument: Instrument | undefined): readonly Order[] {
    return this.all.filter(
      (order) =>
        order.isOpen && order.owner === owner && (instrument === undefined || order.intent.instrument === instrument),
    );
  }

  tagged(owner: number, prefix: string): readonly Order[] {
    return this.all.filter((order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true);
  }

  hasUnknown(venue: string): boolean {
    return this.all.some(({ state, intent }) => state === "unknown" && intent.instrument.venue === venue);
  }

  positionLots(instrument: Instrument): number {
    return this.#positions.get(instrument) ?? 0;
  }

  ownLots(owner: number, instrument: Instrument): number {
    return this.#ownLots.get(`${owner} ${instrument.id}`) ?? 0;
  }

  /** Begins where another ended, with orders of its own. */
  follow(other: ScriptOrders): void {
    for (const [instrument, lots] of other.#positions) this.#positions.set(instrument, lots);
    for (const [key, lots] of other.#ownLots) this.#ownLots.set(key, lots);
    for (const order of other.all) {
      const { clientOrderId, strategy, owner, intent, state, sizeLots, filledLots, reason } = order;
      const copy = new Order(clientOrderId, strategy, owner, intent);
      this.all.push(Object.assign(copy, { state, sizeLots, filledLots, reason }));
    }
  }

  #find({ clientOrderId }: OrderView): Order | undefined {
    return this.all.find((order) => order.clientOrderId === clientOrderId);
  }
}

function add<Key>(sums: Map<Key, number>, key: Key, lots: number): void {
  sums.set(key, (sums.get(key) ?? 0) + lots);
}
