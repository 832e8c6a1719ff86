/** Moments of a run's returns, period by period. */
export interface ReturnMoments {
  /** How many returns. */
  readonly count: number;
  /** Mean over standard deviation, of one period; not a year's. */
  readonly sharpe: number;
  readonly skewness: number;
  /** 3 for a normal distribution. */
  readonly kurtosis: number;
}

/** How much of the best Sharpe ratio of many trials may be luck. */
export interface Deflation {
  readonly trials: number;
  /** The Sharpe ratio, of one period, that the best of as many worthless strategies is expected to show. */
  readonly expectedBest: number;
  /** Probability that the best one's true ratio is above `expectedBest`; 0 to 1. Below 0.95 it is not told from luck. */
  readonly probability: number;
}

const EULER = 0.5772156649015329;

/** Moments of the returns between values of a curve; undefined with fewer than 3 returns, or when they do not vary. */
export function momentsOf(returns: readonly number[]): ReturnMoments | undefined {
  const count = returns.length;
  if (count < 3) return undefined;
  const mean = returns.reduce((sum, value) => sum + value, 0) / count;
  const central = (power: number) => returns.reduce((sum, value) => sum + (value - mean) ** power, 0) / count;
  const variance = central(2);
  const deviation = Math.sqrt(variance);
  if (!(deviation > Math.abs(mean) * 1e-9)) return undefined;
  return {
    count,
    sharpe: mean / Math.sqrt((variance * count) / (count - 1)),
    skewness: central(3) / deviation ** 3,
    kurtosis: central(4) / variance ** 2,
  };
}

/**
 * The deflated Sharpe ratio of the best of several trials: it allows for how many were tried, how much they differ, how long they are
 * and how far from normal their returns.
 *
 * Source: D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40 (2014), equations 1, 2 and 6.
 *
 * @param best Of the trial that was chosen.
 * @param all Sharpe ratios of all trials, of the same period.
 * @returns Undefined with fewer than two trials.
 */
export function deflatedSharpe(best: ReturnMoments, all: readonly number[]): Deflation | undefined {
  const trials = all.length;
  if (trials < 2) return undefined;
  const mean = all.reduce((sum, value) => sum + value, 0) / trials;
  const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (trials - 1);
  const expectedBest =
    Math.sqrt(variance) *
    ((1 - EULER) * normalQuantile(1 - 1 / trials) + EULER * normalQuantile(1 - 1 / (trials * Math.E)));
  const { count, sharpe, skewness, kurtosis } = best;
  const spread = Math.sqrt(Math.max(1e-12, 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2));
  return { trials, expectedBest, probability: normalShare(((sharpe - expectedBest) * Math.sqrt(count - 1)) / spread) };
}

/** Share of a normal distribution below `z`. Source: Abramowitz and Stegun, 26.2.17; error below 7.5e-8. */
export function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z >= 0 ? 1 - tail : tail;
}

/** The value that the share `p`, above 0 and below 1, of a normal distribution is below: `normalShare` turned round, by bisection. */
export function normalQuantile(p: number): number {
  let low = -10;
  let high = 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
