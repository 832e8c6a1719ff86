import { expect, test } from "vitest";
import { joinTests, windowsOf } from "../../src/backtest/walk-forward.ts";
import type { PerformanceReport } from "../../src/engines/performance.ts";

const hour = 3_600_000_000;

test("windows roll by the test, side by side, and end within the span", () => {
  expect(windowsOf(0, 10 * hour, 4 * hour, 2 * hour)).toEqual([
    { trainFromUs: 0, testFromUs: 4 * hour, testToUs: 6 * hour },
    { trainFromUs: 2 * hour, testFromUs: 6 * hour, testToUs: 8 * hour },
    { trainFromUs: 4 * hour, testFromUs: 8 * hour, testToUs: 10 * hour },
  ]);
  expect(() => windowsOf(0, 5 * hour, 4 * hour, 2 * hour)).toThrow(/6.0 h for one window, and the data spans 5.0 h/);
});

test("returns of daily bars are taken over days, as in a backtest of all of them", () => {
  const day = 24 * hour;
  const unit = 1e8;
  const equity = Array.from({ length: 40 }, (_, i) => (100 + (i % 2)) * unit); // up and down by one in turns
  const atUs = equity.map((_, i) => i * day);
  const window = { trainFromUs: 0, testFromUs: 0, testToUs: 40 * day, set: {}, train: { set: {} } };
  const { sharpe } = joinTests([{ ...window, test: { set: {}, fills: 0, curve: { atUs, equity } } }], day);
  const returns = equity.slice(1).map((value, i) => value / equity[i]! - 1);
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const variance = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1);
  expect(sharpe).toBeCloseTo((mean / Math.sqrt(variance)) * Math.sqrt(365.25), 1);
});

test("tests follow each other: each goes on where the one before has ended", () => {
  const outcome = (atUs: readonly number[], equity: readonly number[]) => ({
    trainFromUs: 0,
    testFromUs: 0,
    testToUs: 0,
    set: {},
    train: { set: {} },
    test: { set: {}, fills: 2, curve: { atUs, equity } },
  });
  const unit = 1e8;
  const { curve, profit, maxDrawdown, fills } = joinTests(
    [outcome([hour, 2 * hour], [100 * unit, 110 * unit]), outcome([3 * hour, 4 * hour], [100 * unit, 93 * unit])],
    0,
  );
  expect(curve.equity.map((one) => one / unit)).toEqual([100, 110, 110, 103]);
  expect({ profit, maxDrawdown, fills }).toEqual({ profit: "3", maxDrawdown: "7", fills: 4 });
});

test("the joined drawdown is never less than that of one of the tests, which saw more than the points", () => {
  const curve = { atUs: [hour, 2 * hour], equity: [100e8, 99e8] };
  const performance = { asset: "USDT", maxDrawdown: "5.5" } as PerformanceReport;
  const window = { trainFromUs: 0, testFromUs: 0, testToUs: 0, set: {}, train: { set: {} } };
  expect(joinTests([{ ...window, test: { set: {}, performance, curve } }], 0).maxDrawdown).toBe("5.5");
});
