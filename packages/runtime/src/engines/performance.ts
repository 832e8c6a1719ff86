import { InvalidInputError } from "@pitlane/perf";
import { formatUnits } from "@pitlane/sdk";
import type { EquityCurve } from "./performance-curve.ts";
import type { TradeTally } from "./performance-trades.ts";

const YEAR_US = 365 * 86_400_000_000; // these markets have no closed days
const CONFIDENCES = [0.95, 0.99] as const;

export interface PerformanceOptions {
  /** Asset that every amount is counted in. */
  readonly asset: string;
  /** What the account was worth at the start, in that asset's smallest unit; 0n when it is not known. */
  readonly capitalUnits: bigint;
  /** Profit so far, exact; default: the last point of the curve less the capital. */
  readonly profitUnits?: bigint;
  /** Sum of price x size over all fills. */
  readonly volumeUnits: bigint;
  /** Sum of the fees paid. */
  readonly feeUnits: bigint;
  /** How long any position was open, in microseconds. */
  readonly exposedUs: number;
  /** Return a year that a riskless investment gives, as a share: 0.04 for 4 %; above -1. Default 0. */
  readonly riskFreeRate?: number;
  /** Return a year below which a stretch counts as bad for Sortino, as a share; above -1. Default `riskFreeRate`. */
  readonly targetRate?: number;
}

/** What may be lost in one period, from what was lost before. Amounts are decimal text and never negative. */
export interface ValueAtRisk {
  /** Share of periods that lost at most `amount`. */
  readonly confidence: number;
  readonly amount: string;
  /** Average loss of the periods beyond that share. */
  readonly expectedShortfall: string;
}

/** How a run, or one strategy in it, has done. Amounts are decimal text of `asset`; a ratio without a meaning is null. */
export interface PerformanceReport {
  readonly asset: string;
  readonly capital: string;
  /** After fees, open positions at the last known mid prices. */
  readonly profit: string;
  /** Profit over capital. */
  readonly return: number | null;
  /** Time between the first and the last value, in milliseconds. */
  readonly durationMs: number;
  /** What the returns, and the value at risk, are taken over, in milliseconds. */
  readonly periodMs: number;
  /** How many returns there are: few of them make the ratios below noise. */
  readonly periods: number;
  /** `share`: returns are shares of equity; `amount`: they are amounts, because equity was not always above 0. */
  readonly basis: "share" | "amount";
  /** Standard deviation of returns, a year's. */
  readonly volatility: number | null;
  /** Mean return over standard deviation, a year's. */
  readonly sharpe: number | null;
  /** Mean return over the deviation below the target, a year's. */
  readonly sortino: number | null;
  readonly maxDrawdown: string;
  /** As a share of the highest equity before it. */
  readonly maxDrawdownShare: number | null;
  readonly longestDrawdownMs: number;
  /** Historical, for one period; empty with fewer than two returns. */
  readonly valueAtRisk: readonly ValueAtRisk[];
  /** Fills that closed (part of) a position. */
  readonly trades: number;
  readonly wins: number;
  readonly losses: number;
  /** Wins over trades. */
  readonly hitRate: number | null;
  /** What was won over what was lost; null without a loss. */
  readonly profitFactor: number | null;
  readonly averageWin: string | null;
  /** Never negative. */
  readonly averageLoss: string | null;
  /** Sum of price x size over all fills. */
  readonly volume: string;
  /** Volume over capital. */
  readonly turnover: number | null;
  readonly fees: string;
  /** Share of the time in which any position was open; 0 to 1. */
  readonly exposure: number | null;
}

/**
 * Measures a curve of equity and a tally of trades. Pure; floats, for people: no decision reads it.
 *
 * Returns are taken over one period each, `pointsInPeriod` points of the curve; the last may be shorter. A year has 365 days, and ratios
 * of a year are those of a period times the root of the periods in a year, `mean / deviation x sqrt(year / period)`: that takes returns
 * as independent of each other (Lo, below), and for a run of minutes it says little.
 *
 * - Sharpe: mean of the returns above `riskFreeRate` over their standard deviation (n - 1). W. F. Sharpe, "The Sharpe Ratio", Journal of
 *   Portfolio Management 21 (1994); the root of time and its limits: A. W. Lo, "The Statistics of Sharpe Ratios" (2002).
 * - Sortino: mean above `targetRate` over the root mean square of what fell below it, where what did not counts as 0. F. A. Sortino and
 *   L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of Investing 3 (1994).
 * - Value at risk: historical. The smallest loss that at least the share `confidence` of all periods of the run did not pass (the inverse
 *   of the empirical distribution), applied to the last equity. Assumes that the next period is like one of those.
 * - Expected shortfall: average of the worst `1 - confidence` of all periods, the one on the border in part. C. Acerbi and D. Tasche, "On
 *   the coherence of expected shortfall", Journal of Banking and Finance 26 (2002).
 * - Hit rate, profit factor, average win and loss: by `TradeTally`.
 *
 * @throws {InvalidInputError} When a rate is not above -1.
 * @example
 * const { sharpe, maxDrawdown } = measurePerformance(curve, tally, { asset: "USDT", capitalUnits, volumeUnits, feeUnits, exposedUs });
 */
export function measurePerformance(
  curve: EquityCurve,
  trades: TradeTally,
  options: PerformanceOptions,
): PerformanceReport {
  const { asset, capitalUnits, volumeUnits, feeUnits, exposedUs } = options;
  const riskFreeRate = checkRate("riskFreeRate", options.riskFreeRate ?? 0);
  const targetRate = checkRate("targetRate", options.targetRate ?? riskFreeRate);
  const { returns, basis } = returnsOf(curve, capitalUnits > 0n);
  const periodUs = curve.intervalUs * curve.pointsInPeriod;
  const periodsInYear = YEAR_US / periodUs;
  const perPeriod = (rate: number) => (basis === "share" ? (1 + rate) ** (1 / periodsInYear) - 1 : 0);
  const { mean, deviation } = momentsOf(returns);
  const below = downsideOf(returns, perPeriod(targetRate));
  const lastUnits = curve.length === 0 ? 0 : curve.at(curve.length - 1);
  const durationUs = curve.lastUs - curve.startUs;
  const capital = Number(capitalUnits);
  const profitUnits = options.profitUnits ?? (curve.length === 0 ? 0n : BigInt(Math.round(lastUnits)) - capitalUnits);
  return {
    asset,
    capital: formatUnits(capitalUnits),
    profit: formatUnits(profitUnits),
    return: ratio(Number(profitUnits), capital),
    durationMs: Math.round(durationUs / 1000),
    periodMs: periodUs / 1000,
    periods: returns.length,
    basis,
    volatility: basis === "share" && returns.length > 1 ? deviation * Math.sqrt(periodsInYear) : null,
    sharpe: ratio((mean - perPeriod(riskFreeRate)) * Math.sqrt(periodsInYear), deviation),
    sortino: ratio((mean - perPeriod(targetRate)) * Math.sqrt(periodsInYear), below),
    maxDrawdown: amount(curve.maxDrawdownUnits),
    maxDrawdownShare: curve.peakUnits > 0 && capitalUnits > 0n ? curve.maxDrawdownShare : null,
    longestDrawdownMs: Math.round(curve.longestDrawdownUs / 1000),
    valueAtRisk: valueAtRisk(returns, basis === "share" ? lastUnits : 1),
    trades: trades.count,
    wins: trades.wins,
    losses: trades.losses,
    hitRate: ratio(trades.wins, trades.count),
    profitFactor: ratio(Number(trades.wonUnits), Number(trades.lostUnits)),
    averageWin: trades.wins === 0 ? null : formatUnits(trades.wonUnits / BigInt(trades.wins)),
    averageLoss: trades.losses === 0 ? null : formatUnits(trades.lostUnits / BigInt(trades.losses)),
    volume: formatUnits(volumeUnits),
    turnover: ratio(Number(volumeUnits), capital),
    fees: formatUnits(feeUnits),
    exposure: durationUs === 0 ? null : Math.min(1, exposedUs / durationUs),
  };
}

/** The loss that the share `confidence` of `returns` did not pass, and the average of those beyond. See `measurePerformance`. Pure. */
export function lossesBeyond(
  returns: readonly number[],
  confidence: number,
): { readonly valueAtRisk: number; readonly expectedShortfall: number } {
  const worstFirst = Float64Array.from(returns).sort();
  const tail = returns.length * (1 - confidence);
  // Rounded before it is cut: 100 * (1 - 0.95) is a little more than 5.
  const whole = Math.min(Math.floor(tail + 1e-9), returns.length - 1);
  let sum = 0;
  for (let i = 0; i < whole; i++) sum += worstFirst[i]!;
  const border = worstFirst[whole]!;
  const shortfall = tail <= 1e-9 ? border : (sum + border * Math.max(0, tail - whole)) / tail;
  return { valueAtRisk: Math.max(0, -border), expectedShortfall: Math.max(0, -shortfall) };
}

function valueAtRisk(returns: readonly number[], lastUnits: number): readonly ValueAtRisk[] {
  if (returns.length < 2) return [];
  return CONFIDENCES.map((confidence) => {
    const losses = lossesBeyond(returns, confidence);
    return {
      confidence,
      amount: amount(losses.valueAtRisk * lastUnits),
      expectedShortfall: amount(losses.expectedShortfall * lastUnits),
    };
  });
}

/** A curve's returns, period by period. */
export function returnsOf(
  curve: EquityCurve,
  hasCapital: boolean,
): { readonly returns: readonly number[]; readonly basis: "share" | "amount" } {
  let isPositive = hasCapital;
  for (let i = 0; i < curve.length && isPositive; i++) isPositive = curve.at(i) > 0;
  const returns: number[] = [];
  const step = curve.pointsInPeriod;
  for (let from = 0; from < curve.length - 1; from += step) {
    const change = curve.at(Math.min(from + step, curve.length - 1)) - curve.at(from);
    returns.push(isPositive ? change / curve.at(from) : change);
  }
  return { returns, basis: isPositive ? "share" : "amount" };
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
  return { mean, deviation: deviation > Math.abs(mean) * 1e-9 ? deviation : 0 }; // what rounding makes of equal values is none
}

function downsideOf(values: readonly number[], target: number): number {
  const squares = values.reduce((sum, value) => sum + Math.min(0, value - target) ** 2, 0);
  return values.length < 2 ? 0 : Math.sqrt(squares / values.length);
}

function ratio(over: number, under: number): number | null {
  const value = over / under;
  return under !== 0 && Number.isFinite(value) ? value : null;
}

function amount(units: number): string {
  return formatUnits(BigInt(Math.round(units)));
}

function checkRate(name: string, rate: number): number {
  if (Number.isFinite(rate) && rate > -1) return rate;
  throw new InvalidInputError(`${name} is ${rate}: give the return of a year as a share above -1, such as 0.04`);
}
