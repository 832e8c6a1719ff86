import { type BookSideName, type Instrument, Levels, type MarketEvent, OrderBook, type QuoteEvent } from "@pitlane/sdk";
import type { BookNote, EventRecord, WorkerNote, WorkerStart } from "./worker-protocol.ts";
import { BACKFILLED, BOOK, LEVELS, QUOTE, SELL } from "./worker-protocol.ts";

type MarketNote = Extract<WorkerNote, { readonly type: "market" }>["event"];

/** The markets as a worker knows them, from what the ring brings: quotes and whole books, moved by it. */
export class WorkerMarket {
  readonly #instruments: readonly Instrument[];
  readonly #quotes: (QuoteEvent | undefined)[];
  readonly #books: (OrderBook | undefined)[];
  readonly #isBookGood: boolean[];
  readonly #bids = new Levels(); // of a book's change, until it is told as a whole
  readonly #asks = new Levels();

  constructor({ instruments, quotes }: Pick<WorkerStart, "instruments" | "quotes">) {
    this.#instruments = instruments;
    this.#quotes = quotes.map((quote, index) => quote && { ...quote, instrument: instruments[index]! });
    this.#books = instruments.map(() => undefined);
    this.#isBookGood = instruments.map(() => false);
  }

  quote(index: number): QuoteEvent | undefined {
    return this.#quotes[index];
  }

  /** Undefined while it is not in sync. */
  book(index: number): OrderBook | undefined {
    return this.#isBookGood[index] ? this.#books[index] : undefined;
  }

  /** Takes a record over. @returns What hooks are to hear; undefined for the part of a change. */
  take(record: EventRecord): MarketEvent | undefined {
    const { kind, instrument: index, receivedAtUs, receivedNs, venueAtUs, sequence, flags } = record;
    const { bidTicks, bidLots, askTicks, askLots } = record;
    if (kind === LEVELS) {
      if (!Number.isNaN(bidTicks)) this.#bids.push(bidTicks, bidLots);
      if (!Number.isNaN(askTicks)) this.#asks.push(askTicks, askLots);
      return undefined;
    }
    const about = { instrument: this.#instruments[index]!, receivedAtUs, receivedNs, venueAtUs };
    if (kind === QUOTE) {
      const quote: QuoteEvent = { kind: "quote", ...about, bidTicks, bidLots, askTicks, askLots, sequence };
      this.#quotes[index] = quote;
      return quote;
    }
    if (kind === BOOK) {
      const book = this.#bookOf(index);
      book.setAll("bid", this.#bids);
      book.setAll("ask", this.#asks);
      this.#bids.clear();
      this.#asks.clear();
      return { kind: "book", ...about, book, sequence };
    }
    const aggressor = (flags & SELL) === 0 ? "buy" : "sell";
    const isBackfilled = (flags & BACKFILLED) !== 0;
    return {
      kind: "trade",
      ...about,
      tradeId: sequence,
      priceTicks: bidTicks,
      sizeLots: bidLots,
      aggressor,
      isBackfilled,
    };
  }

  /** As `take`, of a note. */
  takeWords(event: MarketNote, index: number): MarketEvent {
    if (event.kind === "gap" && event.channel === "book") {
      this.#isBookGood[index] = false;
      this.#quotes[index] = undefined;
    }
    return { ...event, instrument: this.#instruments[index]! } as MarketEvent;
  }

  /** As `take`, of a note. */
  takeBook({ isWhole, bids, asks, ...about }: BookNote, index: number): MarketEvent {
    const book = this.#bookOf(index);
    this.#move(book, "bid", this.#bids, bids, isWhole);
    this.#move(book, "ask", this.#asks, asks, isWhole);
    if (isWhole) this.#isBookGood[index] = true;
    return { ...about, instrument: this.#instruments[index]!, book };
  }

  #move(book: OrderBook, side: BookSideName, levels: Levels, inTurns: Float64Array, isWhole: boolean): void {
    for (let i = 0; i < inTurns.length; i += 2) levels.push(inTurns[i]!, inTurns[i + 1]!);
    if (isWhole) book.load(side, levels);
    else book.setAll(side, levels);
    levels.clear();
  }

  #bookOf(index: number): OrderBook {
    this.#books[index] ??= new OrderBook();
    return this.#books[index];
  }
}
