import { ProtocolError } from "../../errors.ts";
import type { Bar, BarInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { PublicTrade, TopOfBook } from "../../model/market-data.ts";
import { parseScaled, parseUnits } from "../../model/scale.ts";
import { flagOf, integerOf, naming, textOf, timeUsOf, toFields, toList } from "./fields.ts";
import { parseLevelSize } from "./level-text.ts";

// What Binance's public calls answer, checked and mapped. Source: rest-api.md, "Market data endpoints", 2026-07.

/** One row of `trades` or `historicalTrades`. @throws {ProtocolError} Naming the field. */
export function parsePublicTrade(value: unknown, instrument: Instrument): PublicTrade {
  const where = `trade of ${instrument.venueSymbol}`;
  const trade = toFields(where, value);
  return {
    instrument,
    tradeId: integerOf(where, trade, "id"),
    priceTicks: ticksOf(where, "price", textOf(where, trade, "price"), instrument),
    sizeLots: lotsOf(where, "qty", textOf(where, trade, "qty"), instrument),
    aggressor: flagOf(where, trade, "isBuyerMaker") ? "sell" : "buy",
    atUs: timeUsOf(where, trade, "time"),
  };
}

/** One row of `klines`: a list, by position. @throws {ProtocolError} Naming the position. */
export function parseBar(value: unknown, instrument: Instrument, interval: BarInterval, nowUs: number): Bar {
  const where = `bar of ${instrument.venueSymbol}`;
  const row = toList(where, value);
  const text = (index: number, name: string): string => {
    const field = row[index];
    if (typeof field === "string") return field;
    throw new ProtocolError(`${where}: ${name}, element ${index}, must be text, got ${typeof field}`);
  };
  const whole = (index: number, name: string): number => {
    const field = row[index];
    if (typeof field === "number" && Number.isSafeInteger(field)) return field;
    throw new ProtocolError(`${where}: ${name}, element ${index}, must be a whole number, got ${String(field)}`);
  };
  const ticks = (index: number, name: string) => ticksOf(where, name, text(index, name), instrument);
  return {
    interval,
    startUs: whole(0, "open time") * 1000,
    openTicks: ticks(1, "open"),
    highTicks: ticks(2, "high"),
    lowTicks: ticks(3, "low"),
    closeTicks: ticks(4, "close"),
    volumeLots: lotsOf(where, "volume", text(5, "volume"), instrument),
    quoteVolume: naming(where, "quote volume", () => parseUnits(text(7, "quote volume"))),
    trades: whole(8, "number of trades"),
    isClosed: whole(6, "close time") * 1000 < nowUs,
  };
}

/** A `ticker/bookTicker` reply. An empty side is given as zeros. @throws {ProtocolError} Naming the field. */
export function parseTopOfBook(value: unknown, instrument: Instrument): TopOfBook {
  const where = `book ticker of ${instrument.venueSymbol}`;
  const ticker = toFields(where, value);
  const bidLots = lotsOf(where, "bidQty", textOf(where, ticker, "bidQty"), instrument);
  const askLots = lotsOf(where, "askQty", textOf(where, ticker, "askQty"), instrument);
  const bidTicks = ticksOf(where, "bidPrice", textOf(where, ticker, "bidPrice"), instrument);
  const askTicks = ticksOf(where, "askPrice", textOf(where, ticker, "askPrice"), instrument);
  return {
    instrument,
    bidTicks: bidTicks === 0 ? Number.NaN : bidTicks,
    bidLots,
    askTicks: askTicks === 0 ? Number.NaN : askTicks,
    askLots,
  };
}

function ticksOf(where: string, name: string, text: string, { priceDecimals }: Instrument): number {
  return naming(where, name, () => parseScaled(text, priceDecimals));
}

/** Public sizes may be finer than today's lot: whole lots of it count. */
function lotsOf(where: string, name: string, text: string, { sizeDecimals }: Instrument): number {
  return naming(where, name, () => parseLevelSize(text, sizeDecimals));
}
