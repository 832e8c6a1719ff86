import { type BookSideName, Levels, OrderBook } from "@pitlane/sdk";
import type { LevelList } from "../../journal/inputs.ts";
import { type DepthColumns, DepthOp } from "../columns.ts";
import { DepthColumnsBuilder } from "../columns-builder.ts";

/** When something happened at the venue and when it reached us, microseconds since the epoch. */
export interface EventTimes {
  /** 0 where the venue does not say. */
  readonly venueAtUs: number;
  readonly receivedAtUs: number;
}

/** Which part of a session is wanted. */
export interface WrittenRange {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Writes one instrument's books and trades as depth columns, in the order they were received.
 *
 * What comes before the range builds a book only, with which the columns then begin. The venue's times never fall: messages of two of its
 * streams overtake each other by milliseconds, and the order of receipt is the one a session knows.
 */
export class DepthWriter {
  readonly #range: WrittenRange;
  readonly #builder = new DepthColumnsBuilder();
  #before: OrderBook | undefined; // in sync as the range begins; built only while before it
  #atUs = 0;
  #lagUs = 0; // from the venue's time of the last message that had one to its receipt
  #isGood = false; // what was written ends in a book that is good
  books = 0;
  trades = 0;
  gaps = 0;

  constructor(range: WrittenRange) {
    this.#range = range;
  }

  /** The book changed at these levels; a whole one is replaced by them. */
  book(times: EventTimes, isWhole: boolean, bids: LevelList, asks: LevelList): void {
    if (this.#isBefore(times)) return this.#remember(isWhole, bids, asks);
    if (!this.#isIn(times)) return;
    this.#begin(times);
    if (!isWhole && !this.#isGood) return; // changes of a book that nobody has
    const atUs = this.#time(times);
    if (isWhole) this.#push(atUs, times, DepthOp.clear, 0, 0);
    this.#levels(atUs, times, bids, DepthOp.bid);
    this.#levels(atUs, times, asks, DepthOp.ask);
    this.#push(atUs, times, DepthOp.end, 0, 0);
    this.#isGood = true;
    this.books++;
  }

  trade(times: EventTimes, isSellAggressor: boolean, priceTicks: number, sizeLots: number): void {
    if (this.#isBefore(times) || !this.#isIn(times)) return;
    this.#begin(times);
    const op = isSellAggressor ? DepthOp.sellTrade : DepthOp.buyTrade;
    this.#push(this.#time(times), times, op, priceTicks, sizeLots);
    this.trades++;
  }

  /** The book is not good until the next whole one. */
  gap(times: EventTimes): void {
    if (this.#isBefore(times)) {
      this.#before = undefined;
      return;
    }
    if (!this.#isIn(times)) return;
    this.#begin(times);
    this.#push(this.#time(times), times, DepthOp.gap, 0, 0);
    this.#isGood = false;
    this.gaps++;
  }

  finish(): DepthColumns {
    return this.#builder.finish();
  }

  #isBefore({ receivedAtUs }: EventTimes): boolean {
    return receivedAtUs < this.#range.fromUs;
  }

  #isIn({ receivedAtUs }: EventTimes): boolean {
    return receivedAtUs < this.#range.toUs;
  }

  #remember(isWhole: boolean, bids: LevelList, asks: LevelList): void {
    if (isWhole) this.#before = new OrderBook();
    const book = this.#before;
    if (book === undefined) return;
    setAll(book, "bid", bids);
    setAll(book, "ask", asks);
  }

  /** The first event of the range: the book as it was then comes before it. */
  #begin(times: EventTimes): void {
    const book = this.#before;
    if (book === undefined) return;
    this.#before = undefined;
    this.book(times, true, levelsOf(book, "bid"), levelsOf(book, "ask"));
  }

  #levels(atUs: number, times: EventTimes, levels: LevelList, op: number): void {
    for (let i = 0; i < levels.count; i++) this.#push(atUs, times, op, levels.ticksAt(i), levels.lotsAt(i));
  }

  /** What the venue gives no time, such as a snapshot, took as long to come as the message before it. */
  #time({ venueAtUs, receivedAtUs }: EventTimes): number {
    if (venueAtUs !== 0) this.#lagUs = receivedAtUs - venueAtUs;
    this.#atUs = Math.max(this.#atUs, venueAtUs === 0 ? receivedAtUs - this.#lagUs : venueAtUs);
    return this.#atUs;
  }

  #push(atUs: number, { receivedAtUs }: EventTimes, op: number, priceTicks: number, sizeLots: number): void {
    this.#builder.push(atUs, receivedAtUs, op, priceTicks, sizeLots);
  }
}

/** All levels of a side of a book, best first. */
export function levelsOf(book: OrderBook, side: BookSideName): Levels {
  const levels = new Levels(1024);
  book.forEachLevel(side, (ticks, lots) => levels.push(ticks, lots));
  return levels;
}

function setAll(book: OrderBook, side: BookSideName, levels: LevelList): void {
  for (let i = 0; i < levels.count; i++) book.set(side, levels.ticksAt(i), levels.lotsAt(i));
}
