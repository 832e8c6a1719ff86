/** Changes of the best prices that the order-flow imbalance looks back on. */
const WINDOW_CHANGES = 100;

/**
 * What one change of the top of a book adds to the order-flow imbalance, in lots; above 0 it is for the buyers. Pure.
 *
 * A bid that comes or grows adds its size and one that goes or shrinks takes it away; an ask does the opposite:
 * `e = [Pb >= Pb'] qb - [Pb <= Pb'] qb' - [Pa <= Pa'] qa + [Pa >= Pa'] qa'`, with `'` for what was before.
 * Source: R. Cont, A. Kukanov, S. Stoikov, The Price Impact of Order Book Events (2014), Journal of Financial Econometrics 12(1),
 * section 2.1 (arXiv 1011.6402).
 */
export function flowOf(
  bidTicks: number,
  bidLots: number,
  askTicks: number,
  askLots: number,
  lastBidTicks: number,
  lastBidLots: number,
  lastAskTicks: number,
  lastAskLots: number,
): number {
  let flow = 0;
  if (bidTicks >= lastBidTicks) flow += bidLots;
  if (bidTicks <= lastBidTicks) flow -= lastBidLots;
  if (askTicks <= lastAskTicks) flow -= askLots;
  if (askTicks >= lastAskTicks) flow += lastAskLots;
  return flow;
}

/** Sum of `flowOf` over the latest changes of the top of a book, moved on by each of them. Whole lots, so it does not drift. */
export class OrderFlow {
  readonly #flows: Float64Array;
  #next = 0;
  #count = 0;
  #sum = 0;
  #bidTicks = Number.NaN; // NaN before the first, which changes nothing
  #bidLots = 0;
  #askTicks = Number.NaN;
  #askLots = 0;

  /** @param length Changes kept. */
  constructor(length: number = WINDOW_CHANGES) {
    this.#flows = new Float64Array(length);
  }

  /** Changes in the window. */
  get count(): number {
    return this.#count;
  }

  /** In lots; NaN before the first change. */
  get sumLots(): number {
    return this.#count === 0 ? Number.NaN : this.#sum;
  }

  /** The top of the book now; one that is as before is no change. A side that is empty has a price of NaN and a size of 0, and adds nothing. */
  top(bidTicks: number, bidLots: number, askTicks: number, askLots: number): void {
    if (
      bidTicks === this.#bidTicks &&
      bidLots === this.#bidLots &&
      askTicks === this.#askTicks &&
      askLots === this.#askLots
    )
      return;
    const isFirst = Number.isNaN(this.#bidTicks) && Number.isNaN(this.#askTicks);
    if (!isFirst)
      this.#add(
        flowOf(bidTicks, bidLots, askTicks, askLots, this.#bidTicks, this.#bidLots, this.#askTicks, this.#askLots),
      );
    this.#bidTicks = bidTicks;
    this.#bidLots = bidLots;
    this.#askTicks = askTicks;
    this.#askLots = askLots;
  }

  /** Forgets all: what flowed in a hole is not known. */
  clear(): void {
    this.#next = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#bidTicks = Number.NaN;
    this.#askTicks = Number.NaN;
  }

  #add(flow: number): void {
    const row = this.#next;
    if (this.#count === this.#flows.length) this.#sum -= this.#flows[row]!;
    else this.#count++;
    this.#flows[row] = flow;
    this.#sum += flow;
    this.#next = row + 1 === this.#flows.length ? 0 : row + 1;
  }
}
