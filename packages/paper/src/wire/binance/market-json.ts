import type { BookSide } from "../../engine/book-side.ts";
import type { Candle } from "../../engine/candles.ts";
import type { Market } from "../../engine/market.ts";
import type { AggregateTrade, DaySummary, Trade } from "../../engine/tape.ts";
import type { Instrument } from "../../instruments.ts";
import { formatScaled, formatUnits, UNIT_DECIMALS } from "../../scale.ts";
import { averageTicks } from "./filters.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** JSON that is already text; it is sent as it is, and read again where it is part of something else. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

export const ZERO_TEXT = formatScaled(0, 0);

export function price(instrument: Instrument, ticks: number): string {
  return formatScaled(ticks, instrument.priceDecimals);
}

export function size(instrument: Instrument, lots: number): string {
  return formatScaled(lots, instrument.sizeDecimals);
}

/** A sum of sizes, which may be beyond a safe integer. */
export function volume(instrument: Instrument, lots: bigint): string {
  return formatUnits(lots * instrument.unitsPerLot);
}

/** The best `limit` levels of a side, best first: `[["61.25000000","3.00000000"],...]`. */
function levelsJson(instrument: Instrument, { levels }: BookSide, limit: number): string {
  let text = "[";
  const end = Math.max(0, levels.length - limit);
  for (let i = levels.length - 1; i >= end; i--) {
    const level = levels[i]!;
    text += `${text.length > 1 ? "," : ""}["${price(instrument, level.priceTicks)}","${size(instrument, level.lots)}"]`;
  }
  return `${text}]`;
}

/** `GET depth`, and the partial depth streams. */
export function depthJson({ instrument, engine, updateId }: Market, limit: number): string {
  const bids = levelsJson(instrument, engine.bids, limit);
  const asks = levelsJson(instrument, engine.asks, limit);
  return `{"lastUpdateId":${updateId},"bids":${bids},"asks":${asks}}`;
}

/** Best bid and ask with sizes; zeros where a side is empty. */
export function topOf({ instrument, engine }: Market) {
  const bid = engine.bids.best;
  const ask = engine.asks.best;
  return {
    bidPrice: bid === undefined ? ZERO_TEXT : price(instrument, bid.priceTicks),
    bidQty: bid === undefined ? ZERO_TEXT : size(instrument, bid.lots),
    askPrice: ask === undefined ? ZERO_TEXT : price(instrument, ask.priceTicks),
    askQty: ask === undefined ? ZERO_TEXT : size(instrument, ask.lots),
  };
}

/** A row of `GET trades`. */
export function tradeJson(instrument: Instrument, trade: Trade, unit: TimeUnit) {
  return {
    id: trade.id,
    price: price(instrument, trade.priceTicks),
    qty: size(instrument, trade.lots),
    quoteQty: formatUnits(trade.quoteUnits),
    time: inUnit(trade.atUs, unit),
    isBuyerMaker: trade.buyerIsMaker,
    isBestMatch: true,
  };
}

/** A row of `GET aggTrades`, and most of an `@aggTrade` event. */
export function aggregateJson(instrument: Instrument, trade: AggregateTrade, unit: TimeUnit) {
  return {
    a: trade.id,
    p: price(instrument, trade.priceTicks),
    q: size(instrument, trade.lots),
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: inUnit(trade.atUs, unit),
    m: trade.buyerIsMaker,
    M: true,
  };
}

/** A row of `GET klines`. */
export function candleJson(instrument: Instrument, candle: Readonly<Candle>, unit: TimeUnit): unknown[] {
  return [
    inUnit(candle.openUs, unit),
    price(instrument, candle.openTicks),
    price(instrument, candle.highTicks),
    price(instrument, candle.lowTicks),
    price(instrument, candle.closeTicks),
    volume(instrument, candle.lots),
    lastMoment(candle.endUs, unit),
    formatUnits(candle.quoteUnits),
    candle.trades,
    volume(instrument, candle.takerBuyLots),
    formatUnits(candle.takerBuyQuoteUnits),
    "0",
  ];
}

/** The last moment before `endUs` that `unit` can say. */
export function lastMoment(endUs: number, unit: TimeUnit): number {
  return inUnit(endUs, unit) - 1;
}

/** The average price of 5 minutes, else the last one; zero before the first trade. */
export function averagePrice(market: Market, nowUs: number): string {
  return price(market.instrument, averageTicks(market, nowUs) ?? 0);
}

/** The figures of 24 hours that every ticker shows, as the venue names them in `GET ticker/24hr`; zeros before the first trade. */
export function dayJson(instrument: Instrument, day: DaySummary | undefined, nowUs: number, unit: TimeUnit) {
  const openTicks = day?.openTicks ?? 0;
  const lastTicks = day?.lastTicks ?? 0;
  const changeTicks = lastTicks - openTicks;
  const percent = openTicks === 0 ? 0 : (changeTicks / openTicks) * 100;
  return {
    priceChange: `${changeTicks < 0 ? "-" : ""}${price(instrument, Math.abs(changeTicks))}`,
    priceChangePercent: percent.toFixed(3),
    weightedAvgPrice: day === undefined ? ZERO_TEXT : weightedAverage(instrument, day),
    prevClosePrice: price(instrument, openTicks),
    lastPrice: price(instrument, lastTicks),
    lastQty: size(instrument, day?.lastLots ?? 0),
    openPrice: price(instrument, openTicks),
    highPrice: price(instrument, day?.highTicks ?? 0),
    lowPrice: price(instrument, day?.lowTicks ?? 0),
    volume: volume(instrument, day?.lots ?? 0n),
    quoteVolume: formatUnits(day?.quoteUnits ?? 0n),
    openTime: inUnit(day?.openUs ?? nowUs, unit),
    closeTime: inUnit(nowUs, unit),
    firstId: day?.firstTradeId ?? -1,
    lastId: day?.lastTradeId ?? -1,
    count: day?.trades ?? 0,
  };
}

/** As the venue shows it: to 8 decimals, cut. */
function weightedAverage(instrument: Instrument, day: DaySummary): string {
  if (day.lots === 0n) return price(instrument, day.lastTicks);
  return formatUnits((day.quoteUnits * 10n ** BigInt(UNIT_DECIMALS)) / (day.lots * instrument.unitsPerLot));
}
