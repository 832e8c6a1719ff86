import type { Side } from "../../src/engine/book-side.ts";
import type { PlaceOutcome, SelfTradePrevention, TimeInForce } from "../../src/engine/matching-engine.ts";

export interface NaiveOrder {
  readonly id: number;
  readonly owner: number;
  readonly side: Side;
  readonly price: number;
  lots: number;
  /** Most it shows at once; 0 for all. */
  readonly iceberg: number;
}

interface Resting extends NaiveOrder {
  shown: number;
  /** When it came to its place in the queue. */
  turn: number;
}

/** The slowest matching engine that is obviously right: all orders in one list, sorted anew before every step. */
export class NaiveBook {
  #resting: Resting[] = [];
  #nextTurn = 0;
  readonly fills: { taker: number; maker: number; priceTicks: number; lots: number }[] = [];
  readonly prevented: { taker: number; maker: number; takerLots: number; makerLots: number }[] = [];

  place(order: NaiveOrder, timeInForce: TimeInForce, prevention: SelfTradePrevention): PlaceOutcome {
    if (timeInForce === "FOK" && !this.#canFill(order, prevention)) return "EXPIRED";
    if (this.#match(order, prevention)) return "EXPIRED_IN_MATCH";
    if (order.lots === 0) return "FILLED";
    if (timeInForce !== "GTC") return "EXPIRED";
    this.#resting.push({ ...order, shown: shownOf(order), turn: this.#nextTurn++ });
    return "RESTING";
  }

  /** What is left of a resting order; undefined when it does not rest. */
  openLots(id: number): number | undefined {
    return this.#find(id)?.lots;
  }

  cancel(id: number): boolean {
    const before = this.#resting.length;
    this.#resting = this.#resting.filter((other) => other.id !== id);
    return this.#resting.length < before;
  }

  resize(id: number, lots: number): boolean {
    const order = this.#find(id);
    if (order === undefined) return false;
    order.lots = lots;
    order.shown = order.iceberg > 0 ? Math.min(order.shown, lots) : lots;
    return true;
  }

  /** `[price, lots]` of a side as it is shown, best first. */
  levels(side: Side): [number, number][] {
    const sums = new Map<number, number>();
    for (const order of this.#resting) {
      if (order.side === side) sums.set(order.price, (sums.get(order.price) ?? 0) + order.shown);
    }
    return [...sums].sort(([a], [b]) => (side === "BUY" ? b - a : a - b));
  }

  // True when self-trade prevention ended the order.
  #match(order: NaiveOrder, prevention: SelfTradePrevention): boolean {
    while (order.lots > 0) {
      const maker = this.#reachable(order)[0];
      if (maker === undefined) return false;
      if (maker.owner === order.owner && prevention !== "NONE") {
        const overlap = prevention === "DECREMENT" ? Math.min(order.lots, maker.lots) : 0;
        const takerLots = prevention === "EXPIRE_TAKER" || prevention === "EXPIRE_BOTH" ? order.lots : overlap;
        const makerLots = prevention === "EXPIRE_MAKER" || prevention === "EXPIRE_BOTH" ? maker.lots : overlap;
        this.prevented.push({ taker: order.id, maker: maker.id, takerLots, makerLots });
        order.lots -= takerLots;
        if (makerLots === maker.lots) this.cancel(maker.id);
        else this.resize(maker.id, maker.lots - makerLots);
        if (order.lots === 0) return true;
        continue;
      }
      const lots = Math.min(order.lots, maker.shown);
      order.lots -= lots;
      maker.lots -= lots;
      maker.shown -= lots;
      this.fills.push({ taker: order.id, maker: maker.id, priceTicks: maker.price, lots });
      if (maker.lots === 0) this.cancel(maker.id);
      else if (maker.shown === 0) {
        maker.shown = shownOf(maker);
        maker.turn = this.#nextTurn++;
      }
    }
    return false;
  }

  #find(id: number): Resting | undefined {
    return this.#resting.find((order) => order.id === id);
  }

  // What the order would meet, in the order it would meet it.
  #reachable(order: NaiveOrder): Resting[] {
    return this.#resting
      .filter((maker) => maker.side !== order.side)
      .filter((maker) => (order.side === "BUY" ? maker.price <= order.price : maker.price >= order.price))
      .sort((a, b) => (order.side === "BUY" ? a.price - b.price : b.price - a.price) || a.turn - b.turn);
  }

  // Tries it on a copy.
  #canFill(order: NaiveOrder, prevention: SelfTradePrevention): boolean {
    const copy = new NaiveBook();
    copy.#resting = this.#resting.map((other) => ({ ...other }));
    copy.#nextTurn = this.#nextTurn;
    copy.#match({ ...order }, prevention);
    return copy.fills.reduce((lots, fill) => lots + fill.lots, 0) === order.lots;
  }
}

function shownOf({ lots, iceberg }: NaiveOrder): number {
  return iceberg > 0 ? Math.min(iceberg, lots) : lots;
}
