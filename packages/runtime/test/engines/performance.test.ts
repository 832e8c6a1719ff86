import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lossesBeyond, measurePerformance } from "../../src/engines/performance.ts";
import { EquityCurve } from "../../src/engines/performance-curve.ts";
import { TradeTally } from "../../src/engines/performance-trades.ts";

const DAY_US = 86_400_000_000;
const COIN = 100_000_000;
const SOME = { asset: "USDT", capitalUnits: 1000n * BigInt(COIN), volumeUnits: 0n, feeUnits: 0n, exposedUs: 0 };

/** A curve of one value a day, in whole coins. */
function daily(values: readonly number[]): EquityCurve {
  const curve = new EquityCurve({ intervalUs: DAY_US });
  for (const [day, value] of values.entries()) curve.push(day * DAY_US, value * COIN);
  return curve;
}

test("Sharpe and Sortino of returns of 2 %, -1 % and 2 % a day, worked out by hand", () => {
  const curve = daily([1000, 1020, 1009.8, 1029.996]);
  const report = measurePerformance(curve, new TradeTally(), SOME);
  // mean 0.01; deviation sqrt((0.01^2 + 0.02^2 + 0.01^2) / 2) = 0.0173205; below 0: sqrt(0.01^2 / 3) = 0.0057735
  expect(report.sharpe).toBeCloseTo((0.01 / 0.0173205) * Math.sqrt(365), 3);
  expect(report.sortino).toBeCloseTo((0.01 / 0.0057735) * Math.sqrt(365), 3);
  expect(report.volatility).toBeCloseTo(0.0173205 * Math.sqrt(365), 4);
  expect(report).toMatchObject({
    basis: "share",
    periods: 3,
    periodMs: 86_400_000,
    capital: "1000",
    profit: "29.996",
    maxDrawdown: "10.2",
    maxDrawdownShare: 0.01,
    durationMs: 3 * 86_400_000,
  });
  expect(report.return).toBeCloseTo(0.029996);
});

test("a riskless rate is taken off each period's return", () => {
  const yearly = 1.001 ** 365 - 1; // 0.1 % a day
  const report = measurePerformance(daily([1000, 1020, 1009.8, 1029.996]), new TradeTally(), {
    ...SOME,
    riskFreeRate: yearly,
  });
  expect(report.sharpe).toBeCloseTo((0.009 / 0.0173205) * Math.sqrt(365), 3);
  expect(() => measurePerformance(daily([1]), new TradeTally(), { ...SOME, targetRate: -1 })).toThrow(
    InvalidInputError,
  );
});

test("what cannot be measured is null, not a number without a meaning", () => {
  const empty = measurePerformance(new EquityCurve(), new TradeTally(), { ...SOME, capitalUnits: 0n });
  expect(empty).toMatchObject({
    return: null,
    sharpe: null,
    sortino: null,
    volatility: null,
    hitRate: null,
    profitFactor: null,
    averageWin: null,
    averageLoss: null,
    turnover: null,
    exposure: null,
    maxDrawdownShare: null,
    valueAtRisk: [],
    profit: "0",
  });
  const flat = measurePerformance(daily([1000, 1010, 1020.1, 1030.301]), new TradeTally(), SOME); // the same return each day
  expect([flat.sharpe, flat.sortino]).toEqual([null, null]);
});

test("without a capital, or below 0, returns are amounts", () => {
  const report = measurePerformance(daily([0, 20, 10, 30]), new TradeTally(), { ...SOME, capitalUnits: 0n });
  expect(report).toMatchObject({ basis: "amount", volatility: null, profit: "30", maxDrawdown: "10" });
  expect(report.sharpe).toBeCloseTo((10 / Math.sqrt(300)) * Math.sqrt(365), 3);
  expect(report.valueAtRisk[0]).toEqual({ confidence: 0.95, amount: "10", expectedShortfall: "10" });
});

test("trades, turnover and exposure", () => {
  const trades = new TradeTally();
  for (const units of [30n, 10n, -20n, 0n]) trades.add(units * BigInt(COIN));
  const curve = daily([1000, 1020]);
  const report = measurePerformance(curve, trades, {
    ...SOME,
    volumeUnits: 2500n * BigInt(COIN),
    feeUnits: 3n,
    exposedUs: DAY_US / 4,
  });
  expect(report).toMatchObject({
    trades: 4,
    wins: 2,
    losses: 1,
    hitRate: 0.5,
    profitFactor: 2,
    averageWin: "20",
    averageLoss: "20",
    volume: "2500",
    turnover: 2.5,
    fees: "0.00000003",
    exposure: 0.25,
  });
});

test("value at risk is the loss that 95 of 100 periods did not pass, the shortfall the average of the other five", () => {
  const returns = Array.from({ length: 100 }, (_, i) => (i - 50) / 100); // -0.50 to 0.49
  const { valueAtRisk, expectedShortfall } = lossesBeyond(returns, 0.95);
  expect(valueAtRisk).toBeCloseTo(0.45);
  expect(expectedShortfall).toBeCloseTo((0.5 + 0.49 + 0.48 + 0.47 + 0.46) / 5);
  expect(lossesBeyond([0.1, 0.2], 0.95)).toEqual({ valueAtRisk: 0, expectedShortfall: 0 });
});

test("at most the promised share of periods lost more, and the shortfall is never below it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 300 }),
      fc.constantFrom(0.5, 0.9, 0.95, 0.99),
      (returns, confidence) => {
        const { valueAtRisk, expectedShortfall } = lossesBeyond(returns, confidence);
        const worse = returns.filter((one) => -one > valueAtRisk).length;
        expect(worse).toBeLessThanOrEqual(returns.length * (1 - confidence) + 1e-6);
        expect(expectedShortfall).toBeGreaterThanOrEqual(valueAtRisk - 1e-12);
        expect(expectedShortfall).toBeLessThanOrEqual(Math.max(0, ...returns.map((one) => -one)) + 1e-12);
      },
    ),
  );
});
