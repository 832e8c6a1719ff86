import { TickLots } from "./tick-lots.ts";

/** Trades that statistics look back on. */
const WINDOW_TRADES = 100;

/**
 * The latest trades of an instrument, with sums that each trade moves on: nothing is added up again and nothing is allocated.
 *
 *                 next
 *                  v
 * #ticks    [ 7 8 |3 4 5 6 ]    price, size and whether it went through the quote, by row; the oldest makes room
 *
 * Sums are exact, so they do not drift, however long the session.
 */
export class TradeWindow {
  readonly #ticks: Float64Array;
  readonly #lots: Float64Array;
  readonly #through: Uint8Array;
  readonly #tickLots = new TickLots();
  #next = 0;
  #count = 0;
  #sumLots = 0;
  #throughs = 0;

  /** @param length Trades kept. */
  constructor(length: number = WINDOW_TRADES) {
    this.#ticks = new Float64Array(length);
    this.#lots = new Float64Array(length);
    this.#through = new Uint8Array(length);
  }

  /** Trades in the window. */
  get count(): number {
    return this.#count;
  }

  /** Mean price weighted by size, in ticks; NaN without trades. */
  get vwapTicks(): number {
    return this.#tickLots.approximate / this.#sumLots;
  }

  /** Mean size, in lots; NaN without trades. */
  get meanLots(): number {
    return this.#sumLots / this.#count;
  }

  /** How many went through the best price of the other side. */
  get throughs(): number {
    return this.#throughs;
  }

  add(priceTicks: number, sizeLots: number, isThrough: boolean): void {
    const row = this.#next;
    if (this.#count === this.#ticks.length) {
      this.#tickLots.subtract(this.#ticks[row]!, this.#lots[row]!);
      this.#sumLots -= this.#lots[row]!;
      this.#throughs -= this.#through[row]!;
    } else this.#count++;
    this.#ticks[row] = priceTicks;
    this.#lots[row] = sizeLots;
    this.#through[row] = isThrough ? 1 : 0;
    this.#tickLots.add(priceTicks, sizeLots);
    this.#sumLots += sizeLots;
    this.#throughs += this.#through[row]!;
    this.#next = row + 1 === this.#ticks.length ? 0 : row + 1;
  }

  clear(): void {
    this.#tickLots.clear();
    this.#next = 0;
    this.#count = 0;
    this.#sumLots = 0;
    this.#throughs = 0;
  }
}
