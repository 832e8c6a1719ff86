import { OrderBook } from "@pitlane/sdk";
import {
  type BarColumns,
  type Columns,
  type DepthColumns,
  DepthOp,
  type MarketData,
  type TradeColumns,
} from "./columns.ts";
import { DepthColumnsBuilder } from "./columns-builder.ts";

/**
 * The part of some data from `fromUs` to before `toUs`, microseconds since the epoch. Bars and trades are views of the same memory; a
 * depth slice is a copy that begins with the book as it was then, so that it is a whole session of its own. Bars count by their start,
 * depth by the venue's time. Instruments without an event in it are left out.
 */
export function sliceData(data: readonly MarketData[], fromUs: number, toUs: number): readonly MarketData[] {
  return data
    .map(({ instrument, columns }) => ({ instrument, columns: sliceColumns(columns, fromUs, toUs) }))
    .filter(({ columns }) => columns.length > 0);
}

function sliceColumns(columns: Columns, fromUs: number, toUs: number): Columns {
  const times = columns.kind === "bars" ? columns.startUs : columns.atUs;
  const from = firstNotBefore(times, columns.length, fromUs);
  const until = firstNotBefore(times, columns.length, toUs);
  switch (columns.kind) {
    case "bars":
      return sliceBars(columns, from, until);
    case "trades":
      return sliceTrades(columns, from, until);
    case "depth":
      return sliceDepth(columns, from, until);
  }
}

function sliceBars(columns: BarColumns, from: number, until: number): BarColumns {
  const { quoteVolume, trades } = columns;
  return {
    kind: "bars",
    length: until - from,
    intervalUs: columns.intervalUs,
    startUs: columns.startUs.subarray(from, until),
    openTicks: columns.openTicks.subarray(from, until),
    highTicks: columns.highTicks.subarray(from, until),
    lowTicks: columns.lowTicks.subarray(from, until),
    closeTicks: columns.closeTicks.subarray(from, until),
    volumeLots: columns.volumeLots.subarray(from, until),
    ...(quoteVolume === undefined ? {} : { quoteVolume: quoteVolume.subarray(from, until) }),
    ...(trades === undefined ? {} : { trades: trades.subarray(from, until) }),
  };
}

function sliceTrades(columns: TradeColumns, from: number, until: number): TradeColumns {
  return {
    kind: "trades",
    length: until - from,
    atUs: columns.atUs.subarray(from, until),
    priceTicks: columns.priceTicks.subarray(from, until),
    sizeLots: columns.sizeLots.subarray(from, until),
    isSellAggressor: columns.isSellAggressor.subarray(from, until),
    tradeId: columns.tradeId.subarray(from, until),
  };
}

function sliceDepth(columns: DepthColumns, from: number, until: number): DepthColumns {
  const { atUs, receivedAtUs, op, priceTicks, sizeLots } = columns;
  const builder = new DepthColumnsBuilder();
  if (from >= until) return builder.finish();
  const book = bookBefore(columns, from);
  if (book !== undefined) {
    const at = atUs[from] as number;
    const received = receivedAtUs[from] as number;
    builder.push(at, received, DepthOp.clear);
    book.forEachLevel("bid", (ticks, lots) => builder.push(at, received, DepthOp.bid, ticks, lots));
    book.forEachLevel("ask", (ticks, lots) => builder.push(at, received, DepthOp.ask, ticks, lots));
    builder.push(at, received, DepthOp.end);
  }
  for (let i = from; i < until; i++)
    builder.push(
      atUs[i] as number,
      receivedAtUs[i] as number,
      op[i] as number,
      priceTicks[i] as number,
      sizeLots[i] as number,
    );
  return builder.finish();
}

/** The book after all rows before `end`; undefined while it is not good. */
function bookBefore({ op, priceTicks, sizeLots }: DepthColumns, end: number): OrderBook | undefined {
  const begin = lastOf(op, end, DepthOp.clear);
  if (begin < 0 || lastOf(op, end, DepthOp.gap) > begin) return undefined;
  const book = new OrderBook();
  for (let i = begin + 1; i < end; i++) {
    const kind = op[i];
    if (kind === DepthOp.bid) book.set("bid", priceTicks[i] as number, sizeLots[i] as number);
    else if (kind === DepthOp.ask) book.set("ask", priceTicks[i] as number, sizeLots[i] as number);
  }
  return book;
}

function lastOf(op: Uint8Array, end: number, wanted: number): number {
  return op.subarray(0, end).lastIndexOf(wanted);
}

/** Index of the first time that is not before `us`: binary search. */
function firstNotBefore(times: Float64Array, length: number, us: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] as number) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}
