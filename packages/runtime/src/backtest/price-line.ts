import { OrderBook } from "@pitlane/sdk";
import { type Columns, type DepthColumns, DepthOp } from "./columns.ts";

/** Points of a picture: times in microseconds since the epoch, rising. */
export interface Line {
  readonly atUs: readonly number[];
  readonly values: readonly number[];
}

/** What a price did, as a line of at most `most` points with its highs and lows: closes of bars, trades, or the middle of a book. In ticks. */
export function priceLine(columns: Columns, most: number): Line {
  return thin(pointsIn(columns), most);
}

function pointsIn(columns: Columns): Points {
  switch (columns.kind) {
    case "bars":
      return { atUs: columns.startUs, values: columns.closeTicks, length: columns.length };
    case "trades":
      return { atUs: columns.atUs, values: columns.priceTicks, length: columns.length };
    case "depth":
      return middles(columns);
  }
}

/** The last price, in ticks, a middle between two of them rounded; undefined when there is none. */
export function lastPriceTicks(columns: Columns): number | undefined {
  const { values, length } = pointsIn(columns);
  return length === 0 ? undefined : Math.round(values[length - 1] as number);
}

interface Points {
  readonly atUs: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly length: number;
}

/** At most `most` points of a line: of each stretch the lowest and the highest, in their order, so that no spike is lost. Pure. */
export function thin({ atUs, values, length }: Points, most: number): Line {
  const stretches = Math.max(1, Math.floor(most / 2));
  const kept: number[] = [];
  for (let stretch = 0; stretch < Math.min(stretches, length); stretch++) {
    const from = Math.floor((stretch * length) / Math.min(stretches, length));
    const until = Math.floor(((stretch + 1) * length) / Math.min(stretches, length));
    let low = from;
    let high = from;
    for (let i = from; i < until; i++) {
      if ((values[i] as number) < (values[low] as number)) low = i;
      if ((values[i] as number) > (values[high] as number)) high = i;
    }
    if (low === high) kept.push(low);
    else kept.push(Math.min(low, high), Math.max(low, high));
  }
  return { atUs: kept.map((i) => atUs[i] as number), values: kept.map((i) => values[i] as number) };
}

/** The middle of the book at the end of each message in which both sides had a price. */
function middles({ length, atUs, op, priceTicks, sizeLots }: DepthColumns): Points {
  const book = new OrderBook();
  const times: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < length; i++) {
    const kind = op[i];
    if (kind === DepthOp.bid) book.set("bid", priceTicks[i] as number, sizeLots[i] as number);
    else if (kind === DepthOp.ask) book.set("ask", priceTicks[i] as number, sizeLots[i] as number);
    else if (kind === DepthOp.clear || kind === DepthOp.gap) book.clear();
    else if (kind === DepthOp.end) {
      const middle = (book.bestBidTicks + book.bestAskTicks) / 2;
      if (Number.isNaN(middle)) continue;
      times.push(atUs[i] as number);
      values.push(middle);
    }
  }
  return { atUs: times, values, length: times.length };
}
