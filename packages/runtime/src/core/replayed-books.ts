import { type Instrument, Levels, type MarketEvent, OrderBook } from "@pitlane/sdk";
import { JournalError } from "../journal/errors.ts";
import type { BookInput, MarketInput } from "../journal/inputs.ts";

/** Books as a run saw them, from the changes in its journal. */
export class ReplayedBooks {
  readonly #instruments: readonly Instrument[];
  readonly #books = new Map<Instrument, OrderBook>(); // those in sync
  readonly #levels = new Levels();

  constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments;
  }

  get(instrument: Instrument): OrderBook | undefined {
    return this.#books.get(instrument);
  }

  clear(): void {
    this.#books.clear();
  }

  /** The event of a record; books have moved when it returns. */
  toEvent(record: MarketInput): MarketEvent {
    const instrument = this.#instruments[record.instrument];
    if (instrument === undefined)
      throw new JournalError(`the journal names instrument ${record.instrument} of ${this.#instruments.length}`);
    const receivedNs = record.receivedAtUs * 1000;
    if (record.kind === "book") {
      const { sequence, venueAtUs, receivedAtUs } = record;
      const book = this.#move(instrument, record);
      return { kind: "book", instrument, book, sequence, venueAtUs, receivedAtUs, receivedNs };
    }
    if (record.kind === "gap" && record.channel === "book") this.#books.delete(instrument);
    const { atUs: _, ...fields } = record;
    return { ...fields, instrument, receivedNs };
  }

  #move(instrument: Instrument, { isSnapshot, bids, asks }: BookInput): OrderBook {
    let book = this.#books.get(instrument);
    if (book === undefined) {
      book = new OrderBook();
      this.#books.set(instrument, book);
    }
    for (const [side, changed] of [
      ["bid", bids],
      ["ask", asks],
    ] as const) {
      this.#levels.clear();
      for (const { ticks, lots } of changed) this.#levels.push(ticks, lots);
      if (isSnapshot) book.load(side, this.#levels);
      else book.setAll(side, this.#levels);
    }
    return book;
  }
}
