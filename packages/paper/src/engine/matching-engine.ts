import { type BookOrder, BookSide, type Level, type Side } from "./book-side.ts";
import { firstOwn, offeredLots, passesOwn } from "./offer.ts";

/** How long an order lives: until cancelled; for this instant; or filled whole at once or not at all. */
export type TimeInForce = "GTC" | "IOC" | "FOK";

/**
 * What happens when an order meets one of its own owner. The mode of the incoming order decides:
 * trade; the incoming order's rest expires; the resting order expires; both do; both lose what they would have traded. `PASS`
 * steps over the resting order, which stays; a mirrored book uses it, and then keeps its own two sides apart itself.
 */
export type SelfTradePrevention = "NONE" | "EXPIRE_TAKER" | "EXPIRE_MAKER" | "EXPIRE_BOTH" | "DECREMENT" | "PASS";

/** What became of the part of a placed order that did not trade. */
export type PlaceOutcome = "FILLED" | "RESTING" | "EXPIRED" | "EXPIRED_IN_MATCH";

/** Told what happens, in order, while it happens. Must not call the engine back. */
export interface EngineListener {
  /** `taker` and `maker` traded `lots` at `priceTicks`; both orders' `openLots` are already reduced. */
  onFill(taker: BookOrder, maker: BookOrder, priceTicks: number, lots: number): void;
  /**
   * `taker` met `maker`, an order of its own owner, at the maker's price. What each lost by that is already off its `openLots`;
   * whichever has none left is off the book.
   */
  onPrevented(taker: BookOrder, maker: BookOrder, takerLots: number, makerLots: number): void;
  /** A level changed; `lots` is its new sum, 0 when it is gone. */
  onLevel(side: Side, priceTicks: number, lots: number): void;
}

/**
 * A price-time-priority matching engine for one instrument.
 *
 * The best price trades first, at one price the oldest order first, always at the resting order's price. An iceberg shows a part of
 * itself; once that is filled, the next part queues behind the others of its price. After every call the best bid is below the best
 * ask. Whole ticks and lots; no clock, no accounts, no input or output: the caller checks balances and rules before, and a listener
 * hears what happened. No call creates an object but a level's first order its level.
 *
 * @example
 * const engine = new MatchingEngine(listener);
 * engine.place(new BookOrder(1, maker, "SELL", 101, 5), "GTC");
 * engine.place(new BookOrder(2, taker, "BUY", 101, 3), "IOC"); // listener.onFill(order 2, order 1, 101, 3)
 */
export class MatchingEngine {
  readonly bids = new BookSide("BUY");
  readonly asks = new BookSide("SELL");
  readonly #listener: EngineListener;
  #size = 0;

  constructor(listener: EngineListener) {
    this.#listener = listener;
  }

  /** How many orders rest. */
  get size(): number {
    return this.#size;
  }

  sideOf(side: Side): BookSide {
    return side === "BUY" ? this.bids : this.asks;
  }

  /** True when an order of `side` at `limitTicks` would trade at once. */
  wouldTake(side: Side, limitTicks: number): boolean {
    const best = (side === "BUY" ? this.asks : this.bids).best;
    return best !== undefined && reaches(side === "BUY", limitTicks, best.priceTicks);
  }

  /**
   * Matches `order` and rests what is left of it when it is GTC. A FOK order that cannot be filled whole trades nothing.
   *
   * @returns What became of the rest; `order.openLots` tells how much it is.
   */
  place(order: BookOrder, timeInForce: TimeInForce, prevention: SelfTradePrevention = "NONE"): PlaceOutcome {
    if (timeInForce === "FOK" && this.available(order, prevention) < order.openLots) return "EXPIRED";
    const isBuy = order.side === "BUY";
    const makers = isBuy ? this.asks : this.bids;
    const best = makers.best;
    if (best !== undefined && reaches(isBuy, order.limitTicks, best.priceTicks)) {
      if (this.#match(order, makers, isBuy, prevention)) return "EXPIRED_IN_MATCH";
      if (order.openLots === 0) return "FILLED";
    }
    if (timeInForce !== "GTC") return "EXPIRED";
    const level = (isBuy ? this.bids : this.asks).append(order);
    this.#size++;
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return "RESTING";
  }

  /** Takes `order` off the book; false when it does not rest. */
  cancel(order: BookOrder): boolean {
    const { level } = order;
    if (level === null) return false;
    const side = order.side === "BUY" ? this.bids : this.asks;
    this.#remove(order, side, level);
    side.dropIfEmpty(level);
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return true;
  }

  /**
   * Gives a resting order `lots` (above 0) and leaves it its place in the queue; false when it does not rest. Of an iceberg the
   * shown part changes only when it would be larger than `lots`.
   */
  resize(order: BookOrder, lots: number): boolean {
    const { level } = order;
    if (level === null) return false;
    const shown = order.openLots - order.hiddenLots;
    order.openLots = lots;
    order.hiddenLots = order.icebergLots > 0 ? Math.max(0, lots - shown) : 0;
    level.lots += lots - order.hiddenLots - shown;
    this.#listener.onLevel(order.side, level.priceTicks, level.lots);
    return true;
  }

  /** Lots that `order` could trade now, at most its own size. */
  available(order: BookOrder, prevention: SelfTradePrevention): number {
    const isBuy = order.side === "BUY";
    const { levels } = isBuy ? this.asks : this.bids;
    const withOwn = prevention === "NONE";
    const stopsAtOwn = !withOwn && !passesOwn(prevention);
    let lots = 0;
    for (let i = levels.length - 1; i >= 0 && lots < order.openLots; i--) {
      const level = levels[i]!;
      if (!reaches(isBuy, order.limitTicks, level.priceTicks)) break;
      const stopper = stopsAtOwn ? firstOwn(level, order.owner) : null;
      lots += offeredLots(level, order.owner, withOwn, stopper);
      if (stopper !== null) break;
    }
    return Math.min(lots, order.openLots);
  }

  // True when self-trade prevention ended the order.
  #match(order: BookOrder, makers: BookSide, isBuy: boolean, prevention: SelfTradePrevention): boolean {
    const { levels } = makers;
    const { owner, limitTicks } = order;
    let stopped = false;
    for (let i = levels.length - 1; i >= 0 && order.openLots > 0; i--) {
      const level = levels[i]!;
      const { priceTicks, lots: lotsBefore } = level;
      if (!reaches(isBuy, limitTicks, priceTicks)) break;
      let maker = level.head;
      while (maker !== null && order.openLots > 0) {
        let next = maker.next;
        if (prevention === "NONE" || maker.owner !== owner) {
          this.#fill(order, maker, level, makers);
          if (next === null && maker.level !== null && order.openLots > 0) next = level.head; // an iceberg's next part
        } else if (prevention !== "PASS") {
          stopped = this.#prevent(order, maker, level, makers, prevention);
          if (stopped) break;
        }
        maker = next;
      }
      makers.dropIfEmpty(level);
      if (level.lots !== lotsBefore) this.#listener.onLevel(makers.side, priceTicks, level.lots);
      if (stopped) break;
    }
    return stopped;
  }

  #fill(taker: BookOrder, maker: BookOrder, level: Level, makers: BookSide): void {
    const shown = maker.openLots - maker.hiddenLots;
    const lots = Math.min(taker.openLots, shown);
    taker.openLots -= lots;
    maker.openLots -= lots;
    level.lots -= lots;
    if (lots === shown) {
      if (maker.openLots === 0) this.#remove(maker, makers, level);
      else makers.replenish(maker, level);
    }
    this.#listener.onFill(taker, maker, level.priceTicks, lots);
  }

  // True when it ended the taker.
  #prevent(
    taker: BookOrder,
    maker: BookOrder,
    level: Level,
    makers: BookSide,
    prevention: SelfTradePrevention,
  ): boolean {
    const overlap = prevention === "DECREMENT" ? Math.min(taker.openLots, maker.openLots) : 0;
    const takerLots = prevention === "EXPIRE_TAKER" || prevention === "EXPIRE_BOTH" ? taker.openLots : overlap;
    const makerLots = prevention === "EXPIRE_MAKER" || prevention === "EXPIRE_BOTH" ? maker.openLots : overlap;
    if (makerLots === maker.openLots) this.#remove(maker, makers, level);
    else if (makerLots > 0) this.#shrink(maker, level, maker.openLots - makerLots);
    if (maker.level === null) maker.openLots = 0;
    taker.openLots -= takerLots;
    this.#listener.onPrevented(taker, maker, takerLots, makerLots);
    return taker.openLots === 0;
  }

  #shrink(order: BookOrder, level: Level, lots: number): void {
    const shown = order.openLots - order.hiddenLots;
    const nowShown = Math.min(shown, lots);
    order.openLots = lots;
    order.hiddenLots = lots - nowShown;
    level.lots += nowShown - shown;
  }

  #remove(order: BookOrder, side: BookSide, level: Level): void {
    side.unlink(order, level);
    this.#size--;
  }
}

function reaches(isBuy: boolean, limitTicks: number, priceTicks: number): boolean {
  return isBuy ? priceTicks <= limitTicks : priceTicks >= limitTicks;
}
