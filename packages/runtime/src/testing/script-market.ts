import { type Instrument, type MarketEvent, OrderBook, type QuoteEvent } from "@pitlane/sdk";
import type { BuiltBarEvent } from "../engines/bars.ts";
import { MarketFeeds } from "../engines/market-feeds.ts";
import type { TestLevel } from "./test-host.ts";

export interface ScriptMarketOptions {
  readonly instruments: readonly Instrument[];
  readonly onBar: (bar: BuiltBarEvent) => void;
  /** Replaces the one timer that bars need. */
  readonly setTimer: (dueAtUs: number) => void;
}

/** What the test has said of the market, and the bars and statistics that follow from it. */
export class ScriptMarket {
  readonly feeds: MarketFeeds;
  readonly #instruments: readonly Instrument[];
  readonly #quotes = new Map<Instrument, QuoteEvent>();
  readonly #books = new Map<Instrument, OrderBook>();
  readonly #gaps = new Set<Instrument>(); // of books
  readonly #told: (MarketEvent | { readonly kind: "timer"; readonly atUs: number })[] = []; // what the feeds were made of
  #isCatchingUp = false;

  constructor({ instruments, onBar, setTimer }: ScriptMarketOptions) {
    this.#instruments = instruments;
    this.feeds = new MarketFeeds({
      instruments,
      book: (instrument) => this.#books.get(instrument),
      publish: (bar) => {
        if (!this.#isCatchingUp) onBar(bar);
      },
      setTimer,
    });
  }

  quote(instrument: Instrument): QuoteEvent | undefined {
    return this.#quotes.get(instrument);
  }

  book(instrument: Instrument): OrderBook | undefined {
    return this.#books.get(instrument);
  }

  isInGap(instrument: Instrument): boolean {
    return this.#gaps.has(instrument);
  }

  setQuote(event: QuoteEvent): void {
    this.#quotes.set(event.instrument, event);
  }

  /** Puts a book in place of the last one. Levels best first. */
  setBook(instrument: Instrument, bids: readonly TestLevel[], asks: readonly TestLevel[]): OrderBook {
    const book = this.#books.get(instrument) ?? new OrderBook();
    this.#books.set(instrument, book);
    book.clear();
    for (const [ticks, lots] of bids) book.set("bid", ticks, lots);
    for (const [ticks, lots] of asks) book.set("ask", ticks, lots);
    return book;
  }

  /** Quote and book are unknown until they are news again. */
  beginGap(instrument: Instrument): void {
    this.#quotes.delete(instrument);
    this.#books.delete(instrument);
    this.#gaps.add(instrument);
  }

  endGap(instrument: Instrument): void {
    this.#gaps.delete(instrument);
  }

  /** Makes bars and statistics of an event; `tell` is called in the middle, as plugins hear of events in a session. */
  take(event: MarketEvent, nowUs: number, tell: () => void): void {
    const index = this.#instruments.indexOf(event.instrument);
    this.#told.push(event.kind === "book" ? { ...event, book: topOf(event.book) } : event);
    this.feeds.before(event, index, nowUs);
    tell();
    this.feeds.after(event, index, nowUs);
  }

  /** The timer for bars is due. */
  onTimer(nowUs: number): void {
    this.#told.push({ kind: "timer", atUs: nowUs });
    this.feeds.onTimer(nowUs);
  }

  /** Begins with the quotes, books and gaps of another. */
  follow(other: ScriptMarket): void {
    for (const [instrument, quote] of other.#quotes) this.#quotes.set(instrument, quote);
    for (const [instrument, book] of other.#books) this.#books.set(instrument, book);
    for (const instrument of other.#gaps) this.#gaps.add(instrument);
  }

  /** Bars and statistics as they would be had this host been there from the start: what a plugin makes of them is then its own affair. */
  catchUp(other: ScriptMarket): void {
    this.#isCatchingUp = true;
    for (const told of other.#told) {
      this.#told.push(told);
      if (told.kind === "timer") {
        this.feeds.onTimer(told.atUs);
        continue;
      }
      const index = this.#instruments.indexOf(told.instrument);
      this.feeds.before(told, index, told.receivedAtUs);
      this.feeds.after(told, index, told.receivedAtUs);
    }
    this.#isCatchingUp = false;
  }
}

/** A copy that stays, of what feeds read of a book. */
function topOf({ bestBidTicks, bestBidLots, bestAskTicks, bestAskLots }: OrderBook): OrderBook {
  const top = new OrderBook({ windowTicks: 32 });
  if (bestBidLots > 0) top.set("bid", bestBidTicks, bestBidLots);
  if (bestAskLots > 0) top.set("ask", bestAskTicks, bestAskLots);
  return top;
}
