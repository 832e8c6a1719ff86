import { expect, test } from "vitest";
import { checkData } from "../../src/backtest/check-data.ts";
import { DepthOp, firstUs, lastUs } from "../../src/backtest/columns.ts";
import { BarColumnsBuilder, DepthColumnsBuilder, TradeColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { bars, coin, trades } from "./setup.ts";

test("builders keep every row when they grow, and cut the columns to it", () => {
  const bar = new BarColumnsBuilder(1_000_000);
  const trade = new TradeColumnsBuilder();
  const depth = new DepthColumnsBuilder();
  for (let i = 0; i < 3000; i++) {
    bar.push(i * 1_000_000, i + 1, i + 2, i + 1, i + 2, i);
    trade.push(i, i + 1, i, i % 3 === 0, i);
    depth.push(i, i + 5, i % 7, i, i + 1);
  }
  const columns = [bar.finish(), trade.finish(), depth.finish()] as const;
  for (const { length } of columns) expect(length).toBe(3000);
  expect([columns[0].startUs.length, columns[0].closeTicks[2999], columns[0].volumeLots[2999]]).toEqual([
    3000, 3001, 2999,
  ]);
  expect([columns[1].isSellAggressor[2997], columns[1].isSellAggressor[2998], columns[1].tradeId[2999]]).toEqual([
    1, 0, 2999,
  ]);
  expect([columns[2].op[2999], columns[2].receivedAtUs[2999], columns[2].sizeLots[2999]]).toEqual([3, 3004, 3000]);
  expect([firstUs(columns[0]), lastUs(columns[0]), lastUs(columns[2])]).toEqual([0, 3_000_000_000, 3004]);
});

test("rows that cannot be are refused, with instrument, column, row and remedy", () => {
  const check = (columns: Parameters<typeof firstUs>[0]) => () => checkData([{ instrument: coin, columns }]);
  expect(check(trades([5, 100, 1, "buy"], [4, 100, 1, "buy"]))).toThrow(/test:AAA\/USDT: atUs\[1\].*sort the rows/);
  expect(check(trades([5, 100.5, 1, "buy"]))).toThrow(/priceTicks\[0\] is 100.5.*decimals/);
  expect(check(bars([100, 99, 98, 99, 1]))).toThrow(/highTicks\[0\] is 99, and must be at or above open 100/);
  const early = new DepthColumnsBuilder();
  early.push(10, 9, DepthOp.end);
  expect(check(early.finish())).toThrow(/receivedAtUs\[0\].*shift one clock/);
  expect(() => checkData([])).toThrow("data is empty");
  const twice = { instrument: coin, columns: trades([5, 100, 1, "buy"]) };
  expect(() => checkData([twice, twice])).toThrow("twice");
});
