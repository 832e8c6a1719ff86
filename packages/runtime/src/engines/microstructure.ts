import type { Instrument, OrderBook, Side } from "@pitlane/sdk";
import { type BookWalk, marketImpactBps, walkTheBook } from "./impact.ts";
import { OrderFlow } from "./order-flow.ts";
import { RealizedVolatility } from "./realized-volatility.ts";
import { TradeWindow } from "./trade-window.ts";

/** Levels a side that `bookImbalance` looks at. */
const IMBALANCE_LEVELS = 5;

/**
 * The small print of a market, live: read it when needed. It is of the present input, as `ctx.quote` and `ctx.book` are. NaN stands for
 * what is not known: before the first data, and from a gap until the stream is whole. Numbers are for judging; what becomes an order's
 * price or size is rounded to whole ticks and lots first.
 */
export interface MarketStats {
  readonly instrument: Instrument;
  /** Trades the statistics look back on: up to 100, from the last hole of the trades on. */
  readonly trades: number;
  /** Their mean price weighted by size, in ticks. */
  readonly vwapTicks: number;
  /** Their mean size, in lots. */
  readonly meanTradeLots: number;
  /**
   * How many of them went through the best price of the other side, as it was known before them: a buy above the best ask, a sell below the
   * best bid. Large orders eat levels this way; where quotes come later than trades some are not seen as such.
   */
  readonly tradeThroughs: number;
  /** Best ask less best bid, in ticks. */
  readonly spreadTicks: number;
  /** Bid size less ask size over their sum, on the best 5 levels of each side: -1 (only asks) to 1 (only bids). */
  readonly bookImbalance: number;
  /** As `bookImbalance`, on so many levels a side; 1 or more. */
  bookImbalanceOf(levels: number): number;
  /**
   * Order-flow imbalance over the latest 100 changes of the best prices and their sizes, in lots: above 0 the buyers press. See `flowOf`.
   */
  readonly orderFlowImbalance: number;
  /** Volatility of the mid price over the latest five minutes, as a fraction a year. See `RealizedVolatility`. */
  readonly realizedVolatility: number;
  /** How far an order of this size is likely to move the market, in basis points, 0 to 10. See `marketImpactBps`. */
  impactBps(sizeLots: number): number;
  /** What an order of this size would get from the book now; undefined while the book is not in sync. */
  walkTheBook(side: Side, sizeLots: number): BookWalk | undefined;
}

export interface MicrostructureOptions {
  readonly instrument: Instrument;
  /** The live book; undefined while it is not in sync. */
  readonly book: () => OrderBook | undefined;
}

/**
 * Keeps `MarketStats` of one instrument, event by event: each call costs the same, whatever the windows hold, and allocates nothing.
 *
 * The best prices are those of quotes, and those of the book where the stream has no quotes.
 *
 * @example
 * const stats = new Microstructure({ instrument, book: () => book });
 * stats.quote(1_767_225_600_000_000, 6_125, 40, 6_126, 15);
 * stats.trade(6_126, 5, true);
 * stats.spreadTicks; // 1
 */
export class Microstructure implements MarketStats {
  readonly instrument: Instrument;
  readonly #book: () => OrderBook | undefined;
  readonly #window = new TradeWindow();
  readonly #flow = new OrderFlow();
  readonly #volatility = new RealizedVolatility();
  #bidTicks = Number.NaN;
  #askTicks = Number.NaN;
  #hasQuotes = false;

  constructor({ instrument, book }: MicrostructureOptions) {
    this.instrument = instrument;
    this.#book = book;
  }

  get trades(): number {
    return this.#window.count;
  }

  get vwapTicks(): number {
    return this.#window.vwapTicks;
  }

  get meanTradeLots(): number {
    return this.#window.meanLots;
  }

  get tradeThroughs(): number {
    return this.#window.throughs;
  }

  get spreadTicks(): number {
    return this.#askTicks - this.#bidTicks;
  }

  get bookImbalance(): number {
    return this.bookImbalanceOf(IMBALANCE_LEVELS);
  }

  get orderFlowImbalance(): number {
    return this.#flow.sumLots;
  }

  get realizedVolatility(): number {
    return this.#volatility.perYear;
  }

  bookImbalanceOf(levels: number): number {
    const book = this.#book();
    if (book === undefined) return Number.NaN;
    let bidLots = 0;
    let askLots = 0;
    for (let depth = 0; depth < levels; depth++) {
      bidLots += book.bidLotsAt(depth);
      askLots += book.askLotsAt(depth);
    }
    return (bidLots - askLots) / (bidLots + askLots);
  }

  impactBps(sizeLots: number): number {
    return marketImpactBps(sizeLots, this.#window.meanLots);
  }

  walkTheBook(side: Side, sizeLots: number): BookWalk | undefined {
    const book = this.#book();
    return book === undefined ? undefined : walkTheBook(book, side, sizeLots);
  }

  /** The best prices are now these. @param atUs Time of the session, microseconds since the epoch. */
  quote(atUs: number, bidTicks: number, bidLots: number, askTicks: number, askLots: number): void {
    this.#hasQuotes = true;
    this.#top(atUs, bidTicks, bidLots, askTicks, askLots);
  }

  /** The book has moved. @param atUs As for `quote`. */
  bookMoved(atUs: number, book: OrderBook): void {
    if (this.#hasQuotes) return;
    const { bestBidTicks, bestAskTicks } = book;
    this.#top(atUs, bestBidTicks, book.bestBidLots, bestAskTicks, book.bestAskLots);
  }

  trade(priceTicks: number, sizeLots: number, isBuy: boolean): void {
    this.#window.add(priceTicks, sizeLots, isBuy ? priceTicks > this.#askTicks : priceTicks < this.#bidTicks);
  }

  /** The best prices are unknown, and so is what flowed: a hole of the book or of the quotes. Volatility goes on with the next price. */
  gap(): void {
    this.#bidTicks = Number.NaN;
    this.#askTicks = Number.NaN;
    this.#flow.clear();
  }

  /** Trades are missing for good: those before them are no longer the latest. */
  tradesLost(): void {
    this.#window.clear();
  }

  #top(atUs: number, bidTicks: number, bidLots: number, askTicks: number, askLots: number): void {
    this.#bidTicks = bidTicks;
    this.#askTicks = askTicks;
    this.#flow.top(bidTicks, bidLots, askTicks, askLots);
    const twiceMid = bidTicks + askTicks;
    if (twiceMid > 0) this.#volatility.price(atUs, twiceMid);
  }
}
