import type { Instrument } from "@pitlane/sdk";

/**
 * Market data as a backtest takes it: one typed array for each field, so that an event is an index and costs no object.
 *
 *     index        0      1      2      3
 *     atUs       | 100 |  105 |  105 |  130 |     in order of time
 *     priceTicks | 7.. |  7.. |  7.. |  7.. |     whole ticks of the instrument, and whole lots
 *
 * The arrays may stand on a `SharedArrayBuffer`: nothing here writes to them. Only the first `length` places count.
 */
export type Columns = BarColumns | TradeColumns | DepthColumns;

/** Complete bars of one length, in order of time and without overlap. Times without trades may be left out. */
export interface BarColumns {
  readonly kind: "bars";
  readonly length: number;
  /** When each bar begins, microseconds since the epoch. */
  readonly startUs: Float64Array;
  /** Length of every bar, in microseconds. */
  readonly intervalUs: number;
  readonly openTicks: Float64Array;
  readonly highTicks: Float64Array;
  readonly lowTicks: Float64Array;
  readonly closeTicks: Float64Array;
  /** Size traded, in lots. */
  readonly volumeLots: Float64Array;
  /** Price x size traded, in the quote asset's smallest unit; close x volume is taken where it is left out. */
  readonly quoteVolume?: BigInt64Array;
  /** Number of trades; 0 is taken where it is left out. */
  readonly trades?: Float64Array;
}

/** Public trades. */
export interface TradeColumns {
  readonly kind: "trades";
  readonly length: number;
  /** The venue's time of each trade, microseconds since the epoch; never going back. */
  readonly atUs: Float64Array;
  readonly priceTicks: Float64Array;
  readonly sizeLots: Float64Array;
  /** 1 where the seller took. */
  readonly isSellAggressor: Uint8Array;
  readonly tradeId: Float64Array;
}

/** What a row of `DepthColumns` says. */
export const DepthOp = {
  /** The bid level at the price has this size now; 0 takes it away. */
  bid: 0,
  /** As `bid`, of the ask side. */
  ask: 1,
  /** Somebody bought this much at the price. */
  buyTrade: 2,
  /** Somebody sold this much at the price. */
  sellTrade: 3,
  /** The book is empty now, and a snapshot follows as levels. */
  clear: 4,
  /** Something is missing: the book is not good until the next `clear` and the end of its message. */
  gap: 5,
  /** The message ends: strategies hear of the book now. */
  end: 6,
} as const;

/** Order book changes and trades of one recorded stream. */
export interface DepthColumns {
  readonly kind: "depth";
  readonly length: number;
  /** The venue's time of each row, microseconds since the epoch; never going back. */
  readonly atUs: Float64Array;
  /** When the recorder had it, microseconds since the epoch; never going back, and never before `atUs`. */
  readonly receivedAtUs: Float64Array;
  /** One of `DepthOp`. */
  readonly op: Uint8Array;
  /** 0 where the row is of no price. */
  readonly priceTicks: Float64Array;
  /** 0 where the row is of no size. */
  readonly sizeLots: Float64Array;
}

/** One instrument's data. A backtest merges several by time. */
export interface MarketData {
  readonly instrument: Instrument;
  readonly columns: Columns;
}

/** Time of the first event, in microseconds since the epoch; NaN when there is none. */
export function firstUs(columns: Columns): number {
  if (columns.length === 0) return Number.NaN;
  return columns.kind === "bars" ? columns.startUs[0]! : columns.atUs[0]!;
}

/** Time of the last event, in microseconds since the epoch; the end of the last bar. NaN when there is none. */
export function lastUs(columns: Columns): number {
  const last = columns.length - 1;
  if (last < 0) return Number.NaN;
  if (columns.kind === "bars") return columns.startUs[last]! + columns.intervalUs;
  return columns.kind === "trades" ? columns.atUs[last]! : Math.max(columns.atUs[last]!, columns.receivedAtUs[last]!);
}
