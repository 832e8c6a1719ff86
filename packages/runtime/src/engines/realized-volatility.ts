/** One-second returns that the volatility looks back on: five minutes. */
const WINDOW_RETURNS = 300;

const SAMPLE_US = 1_000_000;
const SAMPLES_PER_YEAR = 365 * 86_400; // markets that never close

/**
 * Realised volatility of a price: the root of the mean square of its one-second log returns, over the latest 300 of them, as a fraction a
 * year (0.6 is 60 %). For another length of time multiply by `sqrt(seconds / 31_536_000)`.
 *
 * The price is looked at on every whole second and counts as the last one seen until then (previous-tick sampling). Returns of every tick
 * would add up the bounce between bid and ask instead. The mean is not taken off: over seconds it is nothing.
 * Source: T. Andersen, T. Bollerslev, F. Diebold, P. Labys, Modeling and Forecasting Realized Volatility (2003), Econometrica 71(2).
 *
 * Moved on by each price; after as many returns as are kept the sum is made anew, so that rounding cannot pile up.
 */
export class RealizedVolatility {
  readonly #squares: Float64Array;
  #next = 0;
  #count = 0;
  #sum = 0;
  #second = Number.NaN; // of the last price
  #price = Number.NaN; // last seen
  #sampled = Number.NaN; // on the last whole second

  /** @param length Returns kept. */
  constructor(length: number = WINDOW_RETURNS) {
    this.#squares = new Float64Array(length);
  }

  /** Returns in the window. */
  get count(): number {
    return this.#count;
  }

  /** A fraction a year; NaN before the second whole second. */
  get perYear(): number {
    return Math.sqrt((Math.max(0, this.#sum) / this.#count) * SAMPLES_PER_YEAR);
  }

  /** The price now, in any unit above 0. @param atUs Microseconds since the epoch; it must not go back. */
  price(atUs: number, price: number): void {
    const second = Math.floor(atUs / SAMPLE_US);
    if (second > this.#second) this.#sample(second - this.#second);
    else if (Number.isNaN(this.#second)) this.#sampled = price;
    if (!(second <= this.#second)) this.#second = second;
    this.#price = price;
  }

  /** So many whole seconds have passed at the last price. */
  #sample(seconds: number): void {
    const change = Math.log(this.#price / this.#sampled);
    this.#sampled = this.#price;
    this.#add(change * change);
    const flat = Math.min(seconds - 1, this.#squares.length);
    for (let i = 0; i < flat; i++) this.#add(0);
  }

  #add(square: number): void {
    const squares = this.#squares;
    const row = this.#next;
    if (this.#count < squares.length) this.#count++;
    this.#sum += square - squares[row]!;
    squares[row] = square;
    this.#next = row + 1 === squares.length ? 0 : row + 1;
    if (this.#next !== 0) return;
    this.#sum = 0;
    for (let i = 0; i < squares.length; i++) this.#sum += squares[i]!;
  }
}
