import {
  type BookChange,
  type BookEvent,
  type BookSideName,
  Levels,
  type MarketEvent,
  type OrderBook,
} from "@pitlane/sdk";
import type { InputWriter } from "../journal/input-writer.ts";

/** Writes market events as inputs: a book as its changes, or as a whole where it is new. */
export class MarketWriter {
  readonly #writer: Pick<InputWriter, "quote" | "trade" | "book" | "gap" | "resync" | "bar">;
  readonly #bids = new Levels(); // of a whole book
  readonly #asks = new Levels();
  readonly #repeatEveryUs: number;
  readonly #wholeAtUs: number[] = []; // by instrument

  /**
   * @param repeatEveryUs How old the last whole of a book may become, microseconds, before it is written again: whoever looks at a moment
   * reads back that far. By default it is never repeated.
   */
  constructor(
    writer: Pick<InputWriter, "quote" | "trade" | "book" | "gap" | "resync" | "bar">,
    repeatEveryUs = Number.POSITIVE_INFINITY,
  ) {
    this.#writer = writer;
    this.#repeatEveryUs = repeatEveryUs;
  }

  /**
   * @param change What a `book` event changed; undefined when the whole book is new.
   * @param index The instrument's number.
   * @param atUs When it is taken, microseconds since the epoch.
   */
  write(event: MarketEvent, change: BookChange | undefined, index: number, atUs: number): void {
    switch (event.kind) {
      case "quote":
        return this.#writer.quote(atUs, index, event);
      case "trade":
        return this.#writer.trade(atUs, index, event);
      case "book": {
        if (change === undefined) {
          this.#wholeAtUs[index] = atUs;
          return this.#whole(event, index, atUs, false);
        }
        if (atUs - (this.#wholeAtUs[index] ?? atUs) >= this.#repeatEveryUs) {
          this.#wholeAtUs[index] = atUs;
          this.#whole(event, index, atUs, true);
        }
        return this.#writer.book(atUs, index, event, change.bids, change.asks);
      }
      case "gap":
        return this.#writer.gap(atUs, index, event);
      case "resync":
        return this.#writer.resync(atUs, index, event);
      case "bar":
        return this.#writer.bar(atUs, index, event);
    }
  }

  #whole(event: BookEvent, index: number, atUs: number, isRepeat: boolean): void {
    const bids = fill(this.#bids, event.book, "bid");
    const asks = fill(this.#asks, event.book, "ask");
    this.#writer.book(atUs, index, event, bids, asks, true, isRepeat);
  }
}

/** All levels of a side, best first, in a list that is used again. */
function fill(levels: Levels, book: OrderBook, side: BookSideName): Levels {
  levels.clear();
  book.forEachLevel(side, (ticks, lots) => levels.push(ticks, lots));
  return levels;
}
