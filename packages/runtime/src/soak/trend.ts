import { InvalidInputError } from "@pitlane/perf";

/** A straight line through values at equal steps, and how sure its slope is. Slopes are per step. */
export interface Trend {
  readonly slope: number;
  /** Lower and upper end of the slope's 95 % confidence interval; infinite when the values say too little. */
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Values it is made of. */
  readonly count: number;
  /** As many independent values as they are worth: fewer where each resembles the one before. */
  readonly effective: number;
  /** Correlation of each residual with the one before, -1 to 1. */
  readonly autocorrelation: number;
  /** From the least value to the largest. */
  readonly range: number;
}

/** What a trend says of a limit: that the slope is above it, that it is not, or too little to tell. */
export type TrendVerdict = "growing" | "flat" | "inconclusive";

const Z = 1.959964; // of the normal distribution, two-sided, 95 %
const LEAST_EFFECTIVE = 5; // below, Student's t is so wide, and our estimate of it so coarse, that nothing is said

/**
 * The least squares line through `values`, and a 95 % interval of its slope by Student's t.
 *
 * What memory holds now it mostly held a moment ago, so residuals resemble their neighbours, and an interval that takes them for independent
 * is too narrow. Where their correlation `r` at one step is positive, the values count as `n (1 - r) / (1 + r)` ones only, in the residual's
 * variance and in the degrees of freedom; a negative one is not taken as more than there are. The interval is infinite for fewer than five.
 *
 * Sources: NIST/SEMATECH e-Handbook of Statistical Methods, 4.4.3 (line); B. Santer et al. 2000, J. Geophys. Res. 105, 7337 (effective
 * sample size of a trend); Abramowitz and Stegun, 26.7.5 (t).
 *
 * @throws {InvalidInputError} With fewer than three values.
 */
export function trendOf(values: readonly number[]): Trend {
  const n = values.length;
  if (n < 3) throw new InvalidInputError(`a trend needs three values or more, got ${n}: let it run longer`);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  const sxx = (n * (n * n - 1)) / 12; // sum of (i - middle)^2
  const slope = values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / sxx;
  const residuals = values.map((value, i) => value - mean - slope * (i - middle));
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const products = residuals.reduce((sum, residual, i) => sum + residual * (residuals[i - 1] ?? 0), 0);
  const autocorrelation = squares === 0 ? 0 : products / squares;
  const r = Math.min(Math.max(autocorrelation, 0), 1);
  const effective = (n * (1 - r)) / (1 + r);
  // The residuals' variance, of as many values as there are in effect, over the spread of the times.
  const spread =
    effective < LEAST_EFFECTIVE
      ? Number.POSITIVE_INFINITY
      : quantile95(effective - 2) * Math.sqrt(squares / (effective - 2) / sxx);
  const range = Math.max(...values) - Math.min(...values);
  return { slope, low: slope - spread, high: slope + spread, mean, count: n, effective, autocorrelation, range };
}

/**
 * Whether the slope is beyond `limit`: sure that it is, sure that it is not, or neither. Pure.
 *
 * Values along a curve, such as those of a store that fills up to its bound, resemble their neighbours so much that there is no interval. What
 * moved by less in all than the limit allows over the same time has grown by less whatever its curve.
 */
export function judge(
  { low, high, range, count }: Pick<Trend, "low" | "high" | "range" | "count">,
  limit: number,
): TrendVerdict {
  if (low > limit) return "growing";
  return high <= limit || range / (count - 1) <= limit ? "flat" : "inconclusive";
}

/** The least of each full block of `size` values: garbage that was not collected yet lifts it the least. Pure. */
export function blockMinima(values: readonly number[], size: number): readonly number[] {
  const minima: number[] = [];
  for (let at = 0; at + size <= values.length; at += size) minima.push(Math.min(...values.slice(at, at + size)));
  return minima;
}

/** Student's t, two-sided, 95 %, for 3 degrees of freedom or more: within 1 %. Source: Abramowitz and Stegun, 26.7.5, four terms. */
export function quantile95(degrees: number): number {
  const z2 = Z * Z;
  const terms = [
    Z,
    (Z * (z2 + 1)) / 4,
    (Z * ((5 * z2 + 16) * z2 + 3)) / 96,
    (Z * (((3 * z2 + 19) * z2 + 17) * z2 - 15)) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / degrees ** power, 0);
}
