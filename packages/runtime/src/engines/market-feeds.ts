import { type Instrument, InvalidInputError, type MarketEvent, type OrderBook, type TradeEvent } from "@pitlane/sdk";
import { type BarEvery, type BarName, barName } from "./bar-every.ts";
import { BarBuilder, type BuiltBar, type BuiltBarEvent } from "./bars.ts";
import { type MarketStats, Microstructure } from "./microstructure.ts";
import {
  createQuoteBuffer,
  createTradeBuffer,
  type QuoteBuffer,
  type RecentData,
  type RecentKind,
  type TradeBuffer,
} from "./recent.ts";

/** Rows of `recent` when nothing is said. */
const RECENT_ROWS = 10_000;

/** What plugins can have made of the market: nothing is kept that nobody has asked for. */
export interface FeedServices {
  /** Has bars made from now on, and says their name. @throws {InvalidInputError} When there are no such bars. */
  bars(instrument: Instrument, every: BarEvery): BarName;
  /** Has statistics kept from now on. */
  stats(instrument: Instrument): MarketStats;
  /** Has the latest rows kept from now on. @throws {InvalidInputError} When `capacity` is out of range. */
  recent<Kind extends RecentKind>(instrument: Instrument, kind: Kind, capacity?: number): RecentData[Kind];
}

export interface MarketFeedsOptions {
  /** In index order. */
  readonly instruments: readonly Instrument[];
  /** The live book; undefined while it is not in sync. */
  readonly book: (instrument: Instrument) => OrderBook | undefined;
  readonly publish: (event: BuiltBarEvent, index: number) => void;
  /** Asks for a call of `onTimer` at that time, microseconds since the epoch; a later call takes the place of an earlier one. */
  readonly setTimer: (dueAtUs: number) => void;
}

/** What is made of one instrument. */
interface Feed {
  readonly names: Set<BarName>; // of the bars
  readonly timeBars: BarBuilder[];
  readonly countBars: BarBuilder[];
  readonly trades: TradeBuffer[]; // one for each capacity that was asked for
  readonly quotes: QuoteBuffer[];
  stats: Microstructure | undefined;
}

/**
 * Bars, statistics and buffers of a session, made of its market events as they arrive.
 *
 *     event -> before: statistics, buffers, time bars -> the bus -> after: bars that the trade has filled -> the bus
 *
 * A time bar is so heard before the trade that follows it, and a bar of 100 trades after its hundredth. Nothing of this is journaled: it
 * follows from events and timers, which are, so that a replay makes it again. It does not outlive the process either: after a restart bars
 * and statistics begin anew, and the first time bar says that it has a gap.
 */
export class MarketFeeds implements FeedServices {
  readonly #options: MarketFeedsOptions;
  readonly #feeds: (Feed | undefined)[]; // by index
  /** True once anything was asked for: until then an event need not be taken over. */
  isUsed = false;
  #armedUs = Number.POSITIVE_INFINITY;
  // Of the event that closes bars, or of the timer.
  #venueAtUs = 0;
  #receivedAtUs = 0;
  #receivedNs = Number.NaN;

  constructor(options: MarketFeedsOptions) {
    this.#options = options;
    this.#feeds = options.instruments.map(() => undefined);
  }

  bars(instrument: Instrument, every: BarEvery): BarName {
    const name = barName(every);
    const index = this.#indexOf(instrument);
    const feed = this.#feedOf(index);
    if (feed.names.has(name)) return name;
    feed.names.add(name);
    const builder = new BarBuilder({ instrument, every, onBar: (bar) => this.#publish(bar, instrument, index) });
    (typeof every === "string" ? feed.timeBars : feed.countBars).push(builder);
    return name;
  }

  stats(instrument: Instrument): MarketStats {
    const feed = this.#feedOf(this.#indexOf(instrument));
    feed.stats ??= new Microstructure({ instrument, book: () => this.#options.book(instrument) });
    return feed.stats;
  }

  recent<Kind extends RecentKind>(
    instrument: Instrument,
    kind: Kind,
    capacity: number = RECENT_ROWS,
  ): RecentData[Kind] {
    const { trades, quotes } = this.#feedOf(this.#indexOf(instrument));
    const makers: { readonly [K in RecentKind]: () => RecentData[K] } = {
      trades: () => bufferOf(trades, capacity, createTradeBuffer),
      quotes: () => bufferOf(quotes, capacity, createQuoteBuffer),
    };
    if (!Object.hasOwn(makers, kind))
      throw new InvalidInputError(`ctx.recent keeps "trades" or "quotes"; got ${JSON.stringify(kind)}`);
    return makers[kind]();
  }

  /** Anything is made of this instrument's events. */
  isUsedFor(index: number): boolean {
    return this.#feeds[index] !== undefined;
  }

  /** Takes an event over before hooks can hear of it. @param nowUs Time of the session, microseconds since the epoch. */
  before(event: MarketEvent, index: number, nowUs: number): void {
    const feed = this.#feeds[index];
    if (feed === undefined) return;
    switch (event.kind) {
      case "quote": {
        const { bidTicks, bidLots, askTicks, askLots } = event;
        feed.stats?.quote(nowUs, bidTicks, bidLots, askTicks, askLots);
        for (const buffer of feed.quotes) buffer.push(nowUs, bidTicks, bidLots, askTicks, askLots);
        return;
      }
      case "book":
        feed.stats?.bookMoved(nowUs, event.book);
        return;
      case "trade": {
        const { priceTicks, sizeLots, aggressor, venueAtUs } = event;
        feed.stats?.trade(priceTicks, sizeLots, aggressor === "buy");
        for (const buffer of feed.trades)
          buffer.push(nowUs, venueAtUs, priceTicks, sizeLots, aggressor === "sell" ? 1 : 0);
        this.#addTrade(feed.timeBars, event);
        return;
      }
      case "gap":
        if (event.channel === "book" || event.channel === "quote") feed.stats?.gap();
        else if (event.channel === "trade") for (const builder of buildersOf(feed)) builder.gap();
    }
  }

  /** What an event leads to once hooks have it before them. @param nowUs As for `before`. */
  after(event: MarketEvent, index: number, nowUs: number): void {
    const feed = this.#feeds[index];
    if (feed === undefined) return;
    if (event.kind === "trade") this.#addTrade(feed.countBars, event);
    else if (event.kind === "resync" && event.channel === "trade") {
      if (event.missing !== 0) feed.stats?.tradesLost();
      this.#from(event.venueAtUs, event.receivedAtUs, event.receivedNs);
      for (const builder of buildersOf(feed)) builder.resync(event.missing);
      this.#advance(feed.timeBars, nowUs);
    }
  }

  /** The time that was asked for has come, or about: closes the time bars that are over. */
  onTimer(nowUs: number): void {
    this.#armedUs = Number.POSITIVE_INFINITY;
    this.#from(0, nowUs, Number.NaN);
    for (const feed of this.#feeds) if (feed !== undefined) this.#advance(feed.timeBars, nowUs);
  }

  #addTrade(
    builders: readonly BarBuilder[],
    { venueAtUs, receivedAtUs, receivedNs, priceTicks, sizeLots }: TradeEvent,
  ): void {
    if (builders.length === 0) return;
    this.#from(venueAtUs, receivedAtUs, receivedNs);
    const atUs = venueAtUs === 0 ? receivedAtUs : venueAtUs;
    for (let i = 0; i < builders.length; i++) {
      const builder = builders[i]!;
      builder.trade(atUs, priceTicks, sizeLots);
      this.#arm(builder.closesAtUs);
    }
  }

  #advance(builders: readonly BarBuilder[], nowUs: number): void {
    for (const builder of builders) {
      builder.advance(nowUs);
      this.#arm(builder.closesAtUs);
    }
  }

  // One that was closed by a trade leaves its timer behind: it fires for nothing, and the next is set then.
  #arm(dueAtUs: number): void {
    if (dueAtUs >= this.#armedUs) return;
    this.#armedUs = dueAtUs;
    this.#options.setTimer(dueAtUs);
  }

  #from(venueAtUs: number, receivedAtUs: number, receivedNs: number): void {
    this.#venueAtUs = venueAtUs;
    this.#receivedAtUs = receivedAtUs;
    this.#receivedNs = receivedNs;
  }

  #publish(bar: BuiltBar, instrument: Instrument, index: number): void {
    const at = { venueAtUs: this.#venueAtUs, receivedAtUs: this.#receivedAtUs, receivedNs: this.#receivedNs };
    this.#options.publish({ kind: "bar", instrument, ...at, ...bar }, index);
  }

  #indexOf(instrument: Instrument): number {
    const index = this.#options.instruments.indexOf(instrument);
    if (index >= 0) return index;
    throw new InvalidInputError("market data can be asked for of ctx.instruments alone");
  }

  #feedOf(index: number): Feed {
    this.isUsed = true;
    this.#feeds[index] ??= {
      names: new Set(),
      timeBars: [],
      countBars: [],
      trades: [],
      quotes: [],
      stats: undefined,
    };
    return this.#feeds[index];
  }
}

function buildersOf({ timeBars, countBars }: Feed): readonly BarBuilder[] {
  return [...timeBars, ...countBars];
}

/** One buffer for all who want so many rows. */
function bufferOf<Buffer extends { readonly capacity: number }>(
  buffers: Buffer[],
  capacity: number,
  create: (capacity: number) => Buffer,
): Buffer {
  const known = buffers.find((buffer) => buffer.capacity === capacity);
  if (known !== undefined) return known;
  const buffer = create(capacity);
  buffers.push(buffer);
  return buffer;
}
