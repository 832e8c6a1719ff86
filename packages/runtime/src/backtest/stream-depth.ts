import type { LatencyHistogram } from "@pitlane/perf/metrics";
import { type GapEvent, type Instrument, OrderBook, type ResyncEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { Agenda } from "./agenda.ts";
import { type DepthColumns, DepthOp } from "./columns.ts";
import type { DepthMatcher } from "./fill-depth.ts";
import type { LatencyWay } from "./latency.ts";
import {
  bookEvent,
  MOST_ROWS,
  quoteEvent,
  type Stream,
  tradeEvent,
  type WritableBook,
  type WritableQuote,
  type WritableTrade,
} from "./stream.ts";

export interface DepthStreamOptions {
  readonly columns: DepthColumns;
  readonly instrument: Instrument;
  /** Number of the instrument. */
  readonly index: number;
  readonly agenda: Agenda;
  /** The venue's side; left out where another stream is it. Its book is the strategies' too where both sides are played at once. */
  readonly matcher?: DepthMatcher | undefined;
  /** The strategies' side. */
  readonly core?: Core | undefined;
  /** From the venue to the strategies, each message on its own; `received` as recorded; at once where it is left out. */
  readonly way?: LatencyWay | "received" | undefined;
  /** Of messages that take time, in nanoseconds. */
  readonly latency?: LatencyHistogram | undefined;
  /** New event objects for each message, for strategies that keep them. */
  readonly isFresh: boolean;
}

/**
 * Plays recorded changes of a book, and trades. Levels up to the end of a message change the book silently; then hooks hear of it, and
 * of the quote where that has changed.
 */
export class DepthStream implements Stream {
  nextUs: number = Number.NaN;
  /** The book that this stream keeps. */
  readonly book: OrderBook;
  /** True while the book is whole. */
  isInSync = false;
  /** Time that the present message takes to be received, as recorded, in microseconds. */
  lagUs = 0;
  readonly #options: DepthStreamOptions;
  readonly #bookKind: number;
  readonly #quoteKind: number;
  readonly #tradeKind: number;
  #bookEvent: WritableBook;
  #quote: WritableQuote;
  #trade: WritableTrade;
  #next = 0;
  #isLoading = false; // levels of a snapshot are coming
  #hasGap = false;
  #bookUs = Number.NaN; // when the last message of the book was

  constructor(options: DepthStreamOptions) {
    const { columns, instrument, core, matcher } = options;
    this.#options = options;
    this.book = matcher?.book ?? new OrderBook();
    [this.#bookKind, this.#quoteKind, this.#tradeKind] = (["book", "quote", "trade"] as const).map(
      (kind) => core?.bus.kinds.indexOf(kind) ?? -1,
    ) as [number, number, number];
    this.#bookEvent = bookEvent(instrument, this.book);
    this.#quote = quoteEvent(instrument);
    this.#trade = tradeEvent(instrument);
    this.nextUs = columns.length === 0 ? Number.POSITIVE_INFINITY : this.#timeOf(0);
  }

  run(untilUs: number): void {
    const { columns, agenda, matcher, core } = this.#options;
    const { length, op, priceTicks, sizeLots } = columns;
    const { book } = this;
    const resting = matcher?.resting;
    const stops = matcher?.stops;
    const taken = matcher?.taken;
    let i = this.#next;
    let nowUs = this.nextUs;
    let bookUs = this.#bookUs;
    const endRow = Math.min(length, i + MOST_ROWS);
    let isOpen = false; // within a message: nobody acts on half of one
    do {
      if (!isOpen && agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      const what = op[i]!;
      if (what <= DepthOp.ask) {
        const price = priceTicks[i]!;
        const lots = sizeLots[i]!;
        const isBid = what === DepthOp.bid;
        book.set(isBid ? "bid" : "ask", price, lots);
        if (
          resting !== undefined &&
          (price <= resting.topBuyTicks || price >= resting.lowSellTicks || taken!.isNear(price))
        )
          matcher!.onLevel(isBid, price, lots, nowUs);
        isOpen = true;
      } else if (what <= DepthOp.sellTrade) {
        const price = priceTicks[i]!;
        if (resting !== undefined) {
          matcher!.lastTicks = price;
          // A book of the same moment has it already: times never fall, so a trade that came behind such a book has its time.
          if (nowUs !== bookUs) matcher!.onTaken(price, sizeLots[i]!, what === DepthOp.sellTrade);
          if (price <= resting.topBuyTicks || price >= resting.lowSellTicks || stops!.isNear(price)) {
            matcher!.onTrade(price, sizeLots[i]!, what === DepthOp.sellTrade, nowUs);
            if (!isOpen && agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
          }
        }
        if (core !== undefined) this.#tellTrade(core, i, nowUs);
      } else if (what === DepthOp.end) {
        isOpen = false;
        bookUs = nowUs;
        if (this.#isLoading) matcher?.onSnapshotEnd(nowUs);
        if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
        if (core !== undefined) this.#tellBook(core, i, nowUs);
        this.#isLoading = false;
      } else {
        isOpen = this.#onBroken(what, i, nowUs);
      }
      i++;
      if (!isOpen) nowUs = i < length ? this.#timeOf(i) : Number.POSITIVE_INFINITY;
    } while (isOpen ? i < length : i < endRow && nowUs < untilUs);
    this.#next = i;
    this.#bookUs = bookUs;
    this.nextUs = i < length ? nowUs : Number.POSITIVE_INFINITY;
  }

  /** When row `i`, the first of its message, is there for the side that this stream plays. */
  #timeOf(i: number): number {
    const { columns, way, latency } = this.#options;
    const atUs = columns.atUs[i]!;
    this.lagUs = columns.receivedAtUs[i]! - atUs;
    if (way === undefined) return atUs;
    const nowUs = way === "received" ? columns.receivedAtUs[i]! : way.arrivalUs(atUs);
    latency?.record((nowUs - atUs) * 1000);
    return nowUs;
  }

  /** The book is emptied or has a gap. @returns True when a snapshot follows. */
  #onBroken(what: number, i: number, nowUs: number): boolean {
    const { matcher, core, index, instrument, columns } = this.#options;
    this.isInSync = false;
    if (matcher === undefined) this.book.clear();
    else matcher.onClear();
    this.#isLoading = what === DepthOp.clear;
    if (this.#isLoading || this.#hasGap) return this.#isLoading;
    this.#hasGap = true;
    if (core === undefined) return false;
    const gap: GapEvent = {
      kind: "gap",
      instrument,
      venueAtUs: columns.atUs[i]!,
      receivedAtUs: nowUs,
      receivedNs: nowUs * 1000,
      channel: "book",
      cause: "connection",
      reason: "the recording has a gap",
    };
    core.deliver(gap, index, core.bus.kinds.indexOf("gap"));
    return false;
  }

  #tellTrade(core: Core, i: number, nowUs: number): void {
    const { columns, index, isFresh, instrument } = this.#options;
    if (isFresh) this.#trade = tradeEvent(instrument);
    const event = this.#trade;
    event.venueAtUs = columns.atUs[i]!;
    event.receivedAtUs = nowUs;
    event.receivedNs = nowUs * 1000;
    event.tradeId = i;
    event.priceTicks = columns.priceTicks[i]!;
    event.sizeLots = columns.sizeLots[i]!;
    event.aggressor = columns.op[i] === DepthOp.sellTrade ? "sell" : "buy";
    core.deliver(event, index, this.#tradeKind);
  }

  #tellBook(core: Core, i: number, nowUs: number): void {
    if (!this.isInSync && !this.#isLoading) return; // changes without a snapshot are no book
    const { columns, index, instrument, isFresh } = this.#options;
    const venueAtUs = columns.atUs[i]!;
    this.isInSync = true;
    if (this.#hasGap) this.#tellResync(core, venueAtUs, nowUs);
    this.#tellQuote(core, i, nowUs); // first, so that a hook on the book finds the quote of the same moment
    if (isFresh) this.#bookEvent = bookEvent(instrument, this.book);
    const event = this.#bookEvent;
    event.venueAtUs = venueAtUs;
    event.receivedAtUs = nowUs;
    event.receivedNs = nowUs * 1000;
    event.sequence = i;
    core.deliver(event, index, this.#bookKind);
  }

  #tellQuote(core: Core, i: number, nowUs: number): void {
    const { columns, index, instrument, isFresh } = this.#options;
    const { bestBidTicks, bestBidLots, bestAskTicks, bestAskLots } = this.book;
    let quote = this.#quote;
    const isSame =
      quote.bidTicks === bestBidTicks &&
      quote.bidLots === bestBidLots &&
      quote.askTicks === bestAskTicks &&
      quote.askLots === bestAskLots &&
      !this.#isLoading;
    if (isSame || bestBidLots === 0 || bestAskLots === 0) return;
    if (isFresh) {
      quote = quoteEvent(instrument);
      this.#quote = quote;
    }
    quote.venueAtUs = columns.atUs[i]!;
    quote.receivedAtUs = nowUs;
    quote.receivedNs = nowUs * 1000;
    quote.bidTicks = bestBidTicks;
    quote.bidLots = bestBidLots;
    quote.askTicks = bestAskTicks;
    quote.askLots = bestAskLots;
    quote.sequence = i;
    core.deliver(quote, index, this.#quoteKind);
  }

  #tellResync(core: Core, venueAtUs: number, nowUs: number): void {
    const { instrument, index } = this.#options;
    this.#hasGap = false;
    const resync: ResyncEvent = {
      kind: "resync",
      instrument,
      venueAtUs,
      receivedAtUs: nowUs,
      receivedNs: nowUs * 1000,
      channel: "book",
      backfilled: 0,
      missing: 0,
    };
    core.deliver(resync, index, core.bus.kinds.indexOf("resync"));
  }
}
