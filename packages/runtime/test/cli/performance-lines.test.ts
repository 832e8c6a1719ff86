import { expect, test } from "vitest";
import { performanceLines } from "../../src/cli/performance-lines.ts";
import { measurePerformance, type PerformanceReport } from "../../src/engines/performance.ts";
import { EquityCurve } from "../../src/engines/performance-curve.ts";
import { TradeTally } from "../../src/engines/performance-trades.ts";

function report(profitUnits: bigint, volumeUnits: bigint, fees = 12_345n): PerformanceReport {
  const trades = new TradeTally();
  for (const units of [3n, -2n, 1n]) trades.add(units);
  const curve = new EquityCurve();
  for (const [second, value] of [1000, 1010, 1005].entries()) curve.push(second * 1e6, value * 1e8);
  const amounts = { capitalUnits: 1000_00000000n, profitUnits, volumeUnits, feeUnits: fees };
  return measurePerformance(curve, trades, { asset: "USDT", ...amounts, exposedUs: 500_000 });
}

test("shows a row for each strategy that traded, and one for all of them", () => {
  const strategies = { maker: report(-1_50000000n, 9n), idle: report(0n, 0n), taker: report(123_45678900n, 9n) };
  const lines = performanceLines({ asset: "USDT", total: report(5_00000000n, 18n), strategies, unvalued: {} });
  expect(lines[0]).toMatch(/^strategy +profit USDT +fees +drawdown +trades +hit rate +profit factor +sharpe +exposed$/);
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, 7))).toEqual([
    expect.anything(),
    ["maker", "-1.50", "0.00012", "5.00", "3", "67 %", "2.00"],
    ["taker", "123.46", "0.00012", "5.00", "3", "67 %", "2.00"],
    ["all", "5.00", "0.00012", "5.00", "3", "67 %", "2.00"],
  ]);
  expect(lines[1]).toMatch(/25 %$/);
});

test("shows nothing when nothing was traded, and one row when one strategy runs alone", () => {
  const idle = { asset: "USDT", total: report(0n, 0n), strategies: { idle: report(0n, 0n) }, unvalued: {} };
  expect(performanceLines(idle)).toEqual([]);
  const alone = { asset: "USDT", total: report(1n, 1n), strategies: { one: report(1n, 1n) }, unvalued: {} };
  expect(performanceLines(alone)).toHaveLength(2);
});

test.each([
  [12_000, "-"],
  [25 * 3_600_000, "1.5"],
])("a run of %i ms has %s for a year's Sharpe ratio", (durationMs, shown) => {
  const total = { ...report(1n, 1n), durationMs, sharpe: 1.52 };
  const [, row = ""] = performanceLines({ asset: "USDT", total, strategies: { one: total }, unvalued: {} });
  expect(row.split(/ {2,}/)[7]).toBe(shown);
});
