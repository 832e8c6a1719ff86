import { OrderBook } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DepthColumns, DepthOp } from "../../src/backtest/columns.ts";
import { DepthColumnsBuilder, TradeColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { shareData } from "../../src/backtest/shared-columns.ts";
import { sliceData } from "../../src/backtest/slice-columns.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

/** The book as text after all rows of columns; "none" while it is not good. */
function bookOf({ length, op, priceTicks, sizeLots }: DepthColumns): string {
  let book: OrderBook | undefined;
  for (let i = 0; i < length; i++) {
    const kind = op[i];
    if (kind === DepthOp.clear) book = new OrderBook();
    else if (kind === DepthOp.gap) book = undefined;
    else if (kind === DepthOp.bid) book?.set("bid", priceTicks[i]!, sizeLots[i]!);
    else if (kind === DepthOp.ask) book?.set("ask", priceTicks[i]!, sizeLots[i]!);
  }
  if (book === undefined) return "none";
  const levels: string[] = [];
  for (const side of ["bid", "ask"] as const)
    book.forEachLevel(side, (ticks, lots) => levels.push(`${side} ${ticks} ${lots}`));
  return levels.join(";");
}

const message = fc.oneof(
  { weight: 1, arbitrary: fc.constant("clear" as const) },
  { weight: 1, arbitrary: fc.constant("gap" as const) },
  {
    weight: 8,
    arbitrary: fc.record({
      isBid: fc.boolean(),
      ticks: fc.integer({ min: 1, max: 20 }),
      lots: fc.integer({ min: 0, max: 3 }),
    }),
  },
);

test("a slice of depth ends with the book that the whole has there", () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 60 }), fc.nat(60), fc.nat(60), (messages, a, b) => {
      const builder = new DepthColumnsBuilder();
      let isGood = false;
      messages.forEach((one, i) => {
        if (one === "clear") {
          builder.push(i, i + 5, DepthOp.clear);
          builder.push(i, i + 5, DepthOp.end);
          isGood = true;
        } else if (one === "gap") {
          builder.push(i, i + 5, DepthOp.gap);
          isGood = false;
        } else if (isGood) {
          const ticks = one.isBid ? one.ticks : one.ticks + 100;
          builder.push(i, i + 5, one.isBid ? DepthOp.bid : DepthOp.ask, ticks, one.lots);
          builder.push(i, i + 5, DepthOp.end);
        } else builder.push(i, i + 5, DepthOp.buyTrade, 100, 1);
      });
      const columns = builder.finish();
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const data = [{ instrument, columns }];
      const until = sliceData(data, 0, to)[0]?.columns as DepthColumns | undefined;
      const slice = sliceData(data, from, to)[0]?.columns as DepthColumns | undefined;
      if (slice === undefined) {
        expect([...columns.atUs].every((us) => us < from || us >= to)).toBe(true);
        return;
      }
      expect(bookOf(slice)).toBe(bookOf(until!));
      expect([...slice.atUs].every((us) => us >= from && us < to)).toBe(true);
    }),
  );
});

test("slices side by side have all rows of trades, without a copy", () => {
  const builder = new TradeColumnsBuilder();
  for (let i = 0; i < 10; i++) builder.push(Math.floor(i / 2), 100 + i, 1, i % 2 === 0, i);
  const columns = builder.finish();
  const parts = [sliceData([{ instrument, columns }], 0, 3), sliceData([{ instrument, columns }], 3, 99)];
  const rows = parts.flatMap(([one]) => (one?.columns.kind === "trades" ? [...one.columns.tradeId] : []));
  expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const [first] = parts[0]!;
  expect(first?.columns.kind === "trades" && first.columns.atUs.buffer).toBe(columns.atUs.buffer);
  expect(sliceData([{ instrument, columns }], 50, 99)).toEqual([]);
});

test("shared columns hold the same on memory that threads share, also of a slice", () => {
  const builder = new TradeColumnsBuilder();
  for (let i = 0; i < 10; i++) builder.push(i, 100 + i, i, i % 3 === 0, i);
  const slice = sliceData([{ instrument, columns: builder.finish() }], 4, 8);
  const [shared] = shareData(slice);
  expect(shared?.columns).toEqual(slice[0]?.columns);
  if (shared?.columns.kind !== "trades") throw new Error("trades were given");
  expect(shared.columns.isSellAggressor.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(shareData([shared])[0]?.columns.kind === "trades" && shared.columns.atUs.buffer).toBe(
    shared.columns.atUs.buffer,
  );
});
