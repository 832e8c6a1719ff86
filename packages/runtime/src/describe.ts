import { bookDigest, formatScaled, type Instrument, type OrderBook } from "@pitlane/sdk";
import type { DataEngine } from "./engines/data.ts";
import { type Portfolio, toDecimals } from "./engines/portfolio.ts";
import type { BookReport, InstrumentReport, Report } from "./report.ts";

/** Describes a book in full. Pure, but for hashing every level: not for hot paths. */
export function describeBook(book: OrderBook, instrument: Instrument): BookReport {
  const level = (ticks: number, lots: number): readonly [string, string] => [
    formatScaled(ticks, instrument.priceDecimals),
    formatScaled(lots, instrument.sizeDecimals),
  ];
  return {
    bidLevels: book.bidLevels,
    askLevels: book.askLevels,
    bestBid: book.bidLevels === 0 ? null : level(book.bestBidTicks, book.bestBidLots),
    bestAsk: book.askLevels === 0 ? null : level(book.bestAskTicks, book.bestAskLots),
    sha256: bookDigest(book, instrument),
  };
}

/** What the market stream gave, instrument by instrument. */
export function describeMarket(
  data: DataEngine,
  instruments: readonly Instrument[],
  durationMs: number,
): Report["market"] {
  const described: Record<string, InstrumentReport> = {};
  let gaps = 0;
  let resyncs = 0;
  for (const instrument of instruments) {
    const counters = data.counters(instrument);
    const book = data.book(instrument);
    gaps += counters.gaps;
    resyncs += counters.resyncs;
    described[instrument.id] = { ...counters, book: book === undefined ? null : describeBook(book, instrument) };
  }
  const { events } = data;
  return {
    events,
    eventsPerSecond: Math.round((events / durationMs) * 1e6) / 1000,
    gaps,
    resyncs,
    instruments: described,
  };
}

/** What the fills came to, in decimals. */
export function describePortfolio(portfolio: Portfolio): Omit<Report["portfolio"], "profit"> {
  const positions = [...portfolio.positions].map(
    ([instrument, { lots }]) => [instrument.id, formatScaled(lots, instrument.sizeDecimals)] as const,
  );
  return {
    balances: toDecimals(portfolio.balances),
    realized: toDecimals(portfolio.realized()),
    realizedFifo: toDecimals(portfolio.realized("fifo")),
    fees: toDecimals(portfolio.fees),
    positions: Object.fromEntries(positions),
  };
}
