import { type BookOrder, BookSide, type Side } from "./book-side.ts";

/** How long an order lives: until cancelled; for this instant; or filled whole at once or not at all. */
export type TimeInForce = "GTC" | "IOC" | "FOK";

/**
 * What happens when an order meets one of its own owner. The mode of the incoming order decides:
 * trade; the incoming order's rest expires; the resting order expires; both do. `PASS` steps over the
 * resting order, which stays; a mirrored book uses it, and then keeps its own two sides apart itself.
 */
export type SelfTradePrevention = "NONE" | "EXPIRE_TAKER" | "EXPIRE_MAKER" | "EXPIRE_BOTH" | "PASS";

/** What became of the part of a placed order that did not trade. */
export type PlaceOutcome = "FILLED" | "RESTING" | "EXPIRED" | "EXPIRED_IN_MATCH";

/** Told what happens, in order, while it happens. Must not call the engine back. */
export interface EngineListener {
  /** `taker` and `maker` traded `lots` at `priceTicks`; both orders' `openLots` are already reduced. */
  onFill(taker: BookOrder, maker: BookOrder, priceTicks: number, lots: number): void;
  /** `maker` left the book because it met `taker`, an order of its own owner. Its `openLots` is what was left. */
  onPrevented(maker: BookOrder, taker: BookOrder): void;
  /** A level changed; `lots` is its new sum, 0 when it is gone. */
  onLevel(side: Side, priceTicks: number, lots: number): void;
}

/**
 * A price-time-priority matching engine for one instrument.
 *
 * The best price trades first, at one price the oldest order first, always at the resting order's price. After every
 * call the best bid is below the best ask. Whole ticks and lots; no clock, no accounts, no input or output: the caller
 * checks balances and rules before, and a listener hears what happened.
 *
 * @example
 * const engine = new MatchingEngine(listener);
 * engine.place(new BookOrder(1, maker, "SELL", 101, 5), "GTC");
 * engine.place(new BookOrder(2, taker, "BUY", 101, 3), "IOC"); // listener.onFill(order 2, order 1, 101, 3)
 */
export class MatchingEngine {
  readonly bids = new BookSide("BUY");
  readonly asks = new BookSide("SELL");
  readonly #orders = new Map<number, BookOrder>();
  readonly #listener: EngineListener;

  constructor(listener: EngineListener) {
    this.#listener = listener;
  }

  /** The resting order of that id. */
  find(id: number): BookOrder | undefined {
    return this.#orders.get(id);
  }

  /** How many orders rest. */
  get size(): number {
    return this.#orders.size;
  }

  sideOf(side: Side): BookSide {
    return side === "BUY" ? this.bids : this.asks;
  }

  /** True when an order of `side` at `limitTicks` would trade at once. */
  wouldTake(side: Side, limitTicks: number): boolean {
    const best = (side === "BUY" ? this.asks : this.bids).best;
    return best !== undefined && reaches(side, limitTicks, best.priceTicks);
  }

  /**
   * Matches `order` and rests what is left of it when it is GTC. A FOK order that cannot be filled whole trades nothing.
   *
   * @returns What became of the rest; `order.openLots` tells how much it is.
   */
  place(order: BookOrder, timeInForce: TimeInForce, prevention: SelfTradePrevention = "NONE"): PlaceOutcome {
    if (timeInForce === "FOK" && this.available(order, prevention) < order.openLots) return "EXPIRED";
    if (this.#match(order, prevention)) return "EXPIRED_IN_MATCH";
    if (order.openLots === 0) return "FILLED";
    if (timeInForce !== "GTC") return "EXPIRED";
    const level = this.sideOf(order.side).append(order);
    this.#orders.set(order.id, order);
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return "RESTING";
  }

  /** Takes `order` off the book; false when it does not rest. */
  cancel(order: BookOrder): boolean {
    const { level } = order;
    if (level === null) return false;
    const side = this.sideOf(order.side);
    side.unlink(order, level);
    this.#orders.delete(order.id);
    side.dropIfEmpty(level);
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return true;
  }

  /** Gives a resting order `lots` (above 0) and leaves it its place in the queue; false when it does not rest. */
  resize(order: BookOrder, lots: number): boolean {
    const { level } = order;
    if (level === null) return false;
    level.lots += lots - order.openLots;
    order.openLots = lots;
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return true;
  }

  /** Lots that `order` could trade now, at most its own size. */
  available(order: BookOrder, prevention: SelfTradePrevention): number {
    const { levels } = order.side === "BUY" ? this.asks : this.bids;
    let lots = 0;
    for (let i = levels.length - 1; i >= 0 && lots < order.openLots; i--) {
      const level = levels[i]!;
      if (!reaches(order.side, order.limitTicks, level.priceTicks)) break;
      for (let maker = level.head; maker !== null && lots < order.openLots; maker = maker.next) {
        const own = prevention !== "NONE" && maker.owner === order.owner;
        if (own && (prevention === "EXPIRE_TAKER" || prevention === "EXPIRE_BOTH")) return lots;
        if (!own) lots += maker.openLots;
      }
    }
    return Math.min(lots, order.openLots);
  }

  // True when self-trade prevention ended the order.
  #match(order: BookOrder, prevention: SelfTradePrevention): boolean {
    const makers = order.side === "BUY" ? this.asks : this.bids;
    const { levels } = makers;
    let stopped = false;
    for (let i = levels.length - 1; i >= 0 && order.openLots > 0 && !stopped; i--) {
      const level = levels[i]!;
      if (!reaches(order.side, order.limitTicks, level.priceTicks)) break;
      const lotsBefore = level.lots;
      let maker = level.head;
      while (maker !== null && order.openLots > 0 && !stopped) {
        const next = maker.next;
        if (prevention === "NONE" || maker.owner !== order.owner) {
          this.#fill(order, maker, level.priceTicks, makers);
        } else if (prevention !== "PASS") {
          if (prevention !== "EXPIRE_TAKER") {
            makers.unlink(maker, level);
            this.#orders.delete(maker.id);
            this.#listener.onPrevented(maker, order);
          }
          stopped = prevention !== "EXPIRE_MAKER";
        }
        maker = next;
      }
      makers.dropIfEmpty(level);
      if (level.lots !== lotsBefore) this.#listener.onLevel(makers.side, level.priceTicks, level.lots);
    }
    return stopped;
  }

  #fill(taker: BookOrder, maker: BookOrder, priceTicks: number, makers: BookSide): void {
    const lots = Math.min(taker.openLots, maker.openLots);
    const level = maker.level!;
    taker.openLots -= lots;
    maker.openLots -= lots;
    level.lots -= lots;
    if (maker.openLots === 0) {
      makers.unlink(maker, level);
      this.#orders.delete(maker.id);
    }
    this.#listener.onFill(taker, maker, priceTicks, lots);
  }
}

function reaches(side: Side, limitTicks: number, priceTicks: number): boolean {
  return side === "BUY" ? priceTicks <= limitTicks : priceTicks >= limitTicks;
}
