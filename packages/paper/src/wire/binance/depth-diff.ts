import type { Side } from "../../engine/book-side.ts";
import type { Market } from "../../engine/market.ts";
import { price, size } from "./market-json.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/**
 * Which levels of a book changed since the last diff event, and the update ids that covers.
 *
 * Every event begins one after the id the one before ended with, so that a listener who sees a hole knows that it lost one.
 * An interval without a change gives no event.
 */
export class DepthDiff {
  readonly #market: Market;
  readonly #bids = new Set<number>();
  readonly #asks = new Set<number>();
  #firstId: number;

  constructor(market: Market) {
    this.#market = market;
    this.#firstId = market.updateId + 1;
  }

  get isEmpty(): boolean {
    return this.#bids.size === 0 && this.#asks.size === 0;
  }

  /** Notes that the level changed. */
  mark(side: Side, priceTicks: number): void {
    (side === "BUY" ? this.#bids : this.#asks).add(priceTicks);
  }

  /** The event for what changed, with the quantities of now. */
  eventJson(nowUs: number, unit: TimeUnit): string {
    const { instrument, updateId } = this.#market;
    const bids = this.#levels("BUY", this.#bids);
    const asks = this.#levels("SELL", this.#asks);
    return `{"e":"depthUpdate","E":${inUnit(nowUs, unit)},"s":"${instrument.symbol}","U":${this.#firstId},"u":${updateId},"b":${bids},"a":${asks}}`;
  }

  /** Starts the next diff. */
  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#firstId = this.#market.updateId + 1;
  }

  #levels(side: Side, prices: ReadonlySet<number>): string {
    const { instrument, engine } = this.#market;
    const book = engine.sideOf(side);
    let text = "[";
    for (const ticks of prices) {
      text += `${text.length > 1 ? "," : ""}["${price(instrument, ticks)}","${size(instrument, book.lotsAt(ticks))}"]`;
    }
    return `${text}]`;
  }
}
