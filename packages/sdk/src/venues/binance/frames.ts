import type { DepthDiff } from "../../book/depth-diff.ts";
import type { Bar } from "../../model/bar.ts";

/** A bookTicker frame. Reused for every one of a decoder. */
export interface QuoteFrame {
  sequence: number;
  bidTicks: number;
  bidLots: number;
  askTicks: number;
  askLots: number;
  /** 0 on spot, whose frames have no time. */
  venueAtUs: number;
}

/** A trade or aggTrade frame. Reused for every one of a decoder. */
export interface TradeFrame {
  /** Id of the trade, or of the aggregate. */
  tradeId: number;
  isAggregate: boolean;
  /** 0 in entries that are no trade of the market (insurance fund, say). */
  priceTicks: number;
  sizeLots: number;
  isBuyerMaker: boolean;
  venueAtUs: number;
}

/** A kline frame. Reused for every one of a decoder. On COIN-M sizes are contracts and `quoteVolume` is of the base asset. */
export type BarFrame = { -readonly [Name in keyof Bar]: Bar[Name] } & { venueAtUs: number };

/** Where decoded frames go. `target` is what the decoder was given for the frame's instrument. */
export interface FrameSink<T> {
  depth(target: T, diff: DepthDiff): void;
  quote(target: T, quote: QuoteFrame): void;
  trade(target: T, trade: TradeFrame): void;
  bar(target: T, bar: BarFrame): void;
  /** A frame of a kind that is not decoded, or of an unknown instrument. */
  ignored(target: T | undefined, stream: string): void;
  /** The venue is about to close the connection. */
  shutdown(): void;
}

export type FrameKind = "depth" | "quote" | "trade" | "aggTrade" | "bar" | "other";

export function newQuoteFrame(): QuoteFrame {
  return { sequence: 0, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0, venueAtUs: 0 };
}

export function newTradeFrame(): TradeFrame {
  return { tradeId: 0, isAggregate: false, priceTicks: 0, sizeLots: 0, isBuyerMaker: false, venueAtUs: 0 };
}

export function newBarFrame(): BarFrame {
  return {
    interval: "1m",
    startUs: 0,
    openTicks: 0,
    highTicks: 0,
    lowTicks: 0,
    closeTicks: 0,
    volumeLots: 0,
    quoteVolume: 0n,
    trades: 0,
    isClosed: false,
    venueAtUs: 0,
  };
}
