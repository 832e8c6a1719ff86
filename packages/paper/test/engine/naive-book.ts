import type { Side } from "../../src/engine/book-side.ts";
import type { PlaceOutcome, SelfTradePrevention, TimeInForce } from "../../src/engine/matching-engine.ts";

interface NaiveOrder {
  readonly id: number;
  readonly owner: number;
  readonly side: Side;
  readonly price: number;
  lots: number;
}

/** The slowest matching engine that is obviously right: all orders in one list, sorted anew before every step. */
export class NaiveBook {
  #resting: NaiveOrder[] = []; // oldest first
  readonly fills: { taker: number; maker: number; priceTicks: number; lots: number }[] = [];
  readonly prevented: number[] = [];

  place(order: NaiveOrder, timeInForce: TimeInForce, prevention: SelfTradePrevention): PlaceOutcome {
    if (timeInForce === "FOK" && !this.#canFill(order, prevention)) return "EXPIRED";
    while (order.lots > 0) {
      const maker = this.#reachable(order)[0];
      if (maker === undefined) break;
      if (maker.owner === order.owner && prevention !== "NONE") {
        if (prevention !== "EXPIRE_TAKER") {
          this.prevented.push(maker.id);
          this.#remove(maker.id);
        }
        if (prevention !== "EXPIRE_MAKER") return "EXPIRED_IN_MATCH";
        continue;
      }
      const lots = Math.min(order.lots, maker.lots);
      order.lots -= lots;
      maker.lots -= lots;
      if (maker.lots === 0) this.#remove(maker.id);
      this.fills.push({ taker: order.id, maker: maker.id, priceTicks: maker.price, lots });
    }
    if (order.lots === 0) return "FILLED";
    if (timeInForce !== "GTC") return "EXPIRED";
    this.#resting.push(order);
    return "RESTING";
  }

  cancel(id: number): boolean {
    const before = this.#resting.length;
    this.#remove(id);
    return this.#resting.length < before;
  }

  resize(id: number, lots: number): boolean {
    const order = this.#resting.find((other) => other.id === id);
    if (order === undefined) return false;
    order.lots = lots;
    return true;
  }

  /** `[price, lots]` of a side, best first. */
  levels(side: Side): [number, number][] {
    const sums = new Map<number, number>();
    for (const order of this.#resting) {
      if (order.side === side) sums.set(order.price, (sums.get(order.price) ?? 0) + order.lots);
    }
    return [...sums].sort(([a], [b]) => (side === "BUY" ? b - a : a - b));
  }

  #remove(id: number): void {
    this.#resting = this.#resting.filter((other) => other.id !== id);
  }

  // What the order would meet, in the order it would meet it.
  #reachable(order: NaiveOrder): NaiveOrder[] {
    return this.#resting
      .filter((maker) => maker.side !== order.side)
      .filter((maker) => (order.side === "BUY" ? maker.price <= order.price : maker.price >= order.price))
      .sort((a, b) => (order.side === "BUY" ? a.price - b.price : b.price - a.price)); // stable: oldest first
  }

  #canFill(order: NaiveOrder, prevention: SelfTradePrevention): boolean {
    let lots = 0;
    for (const maker of this.#reachable(order)) {
      if (lots >= order.lots) break;
      const isOwn = maker.owner === order.owner && prevention !== "NONE";
      if (isOwn && prevention !== "EXPIRE_MAKER") break;
      if (!isOwn) lots += maker.lots;
    }
    return lots >= order.lots;
  }
}
