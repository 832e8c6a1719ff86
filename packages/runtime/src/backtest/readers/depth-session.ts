import { OrderBook } from "@pitlane/sdk";
import type { DepthColumns, MarketData, TradeColumns } from "../columns.ts";
import { DepthOp } from "../columns.ts";
import { TradeColumnsBuilder } from "../columns-builder.ts";
import { alignReceiveTimes } from "./receive-times.ts";
import type { ReadSession } from "./session.ts";

/** The session that recorded depth columns make: instruments without an event are left out, receive times are never before the venue's. */
export function depthSession(recorded: readonly MarketData[], rows: number): ReadSession {
  const data = recorded.filter(({ columns }) => columns.length > 0);
  const depths = data.flatMap(({ columns }) => (columns.kind === "depth" ? [columns] : []));
  const behindUs = alignReceiveTimes(depths);
  const gaps = depths.reduce((sum, columns) => sum + count(columns, DepthOp.gap), 0);
  const notes: string[] = [];
  if (behindUs > 0)
    notes.push(
      `the recorder's clock was behind the venue's by ${(behindUs / 1000).toFixed(1)} ms: receive times were moved by that`,
    );
  if (gaps > 0) notes.push(`${gaps} gaps in books: strategies see them as in a session`);
  for (const { instrument, columns } of data) {
    if (columns.kind === "depth" && count(columns, DepthOp.end) === 0)
      notes.push(`${instrument.id} has no book in this span: its trades alone tell what would have filled`);
    const crossed = columns.kind === "depth" ? countCrossed(columns) : 0;
    if (crossed > 0)
      notes.push(
        `${instrument.id}: ${crossed === 1 ? "1 message leaves" : `${crossed} messages leave`} a best bid at or above the best ask: such a book is played as it was recorded`,
      );
  }
  return { data: data.map(withoutBook), rows, notes };
}

/** Trades of depth columns, for the tier that knows no book. */
export function tradesOf({ length, atUs, op, priceTicks, sizeLots }: DepthColumns): TradeColumns {
  const trades = new TradeColumnsBuilder();
  for (let i = 0; i < length; i++) {
    const kind = op[i];
    if (kind !== DepthOp.buyTrade && kind !== DepthOp.sellTrade) continue;
    trades.push(
      atUs[i] as number,
      priceTicks[i] as number,
      sizeLots[i] as number,
      kind === DepthOp.sellTrade,
      trades.length + 1,
    );
  }
  return trades.finish();
}

/** Without a single book, what is left is trades. */
function withoutBook(data: MarketData): MarketData {
  const { columns, instrument } = data;
  if (columns.kind !== "depth" || count(columns, DepthOp.end) > 0) return data;
  return { instrument, columns: tradesOf(columns) };
}

/** Messages after which the book is crossed or locked. */
function countCrossed({ length, op, priceTicks, sizeLots }: DepthColumns): number {
  const book = new OrderBook();
  let crossed = 0;
  for (let i = 0; i < length; i++) {
    const kind = op[i] as number;
    if (kind <= DepthOp.ask)
      book.set(kind === DepthOp.bid ? "bid" : "ask", priceTicks[i] as number, sizeLots[i] as number);
    else if (kind === DepthOp.clear || kind === DepthOp.gap) book.clear();
    else if (kind === DepthOp.end && book.bestBidTicks >= book.bestAskTicks) crossed++;
  }
  return crossed;
}

function count({ length, op }: DepthColumns, wanted: number): number {
  let found = 0;
  for (let i = 0; i < length; i++) if (op[i] === wanted) found++;
  return found;
}
