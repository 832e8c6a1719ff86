import { createRandom, integerInRange } from "@pitlane/perf";

/** Values that a share of all runs did not exceed, in the quote asset's smallest unit. */
export interface Percentiles {
  readonly p1: number;
  readonly p5: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
}

/** What might have come of the same trades. Amounts are floats in the quote asset's smallest unit: for people. */
export interface MonteCarlo {
  readonly runs: number;
  readonly trades: number;
  readonly seed: number;
  /** Largest drawdown of the trades as they came. */
  readonly maxDrawdown: number;
  /** Largest drawdown when the same trades come in another order. Their final profit is always the same. */
  readonly shuffledDrawdown: Percentiles;
  /** Final profit when as many trades are drawn from them, each any number of times. */
  readonly drawnProfit: Percentiles;
  /** Largest drawdown of those. */
  readonly drawnDrawdown: Percentiles;
  /** Share of those that end with a loss, 0 to 1. */
  readonly lossShare: number;
}

/** What each draw came to, a place for each, in the quote asset's smallest unit: on memory that threads share, each fills its own part. */
export interface Draws {
  /** Largest drawdown of the trades in another order. */
  readonly shuffledFalls: Float64Array;
  /** Final profit, and largest drawdown, of trades drawn with replacement. */
  readonly drawnSums: Float64Array;
  readonly drawnFalls: Float64Array;
}

/**
 * What luck in the order, and in the choice, of a run's trades could have made of it: `runs` permutations of their profits, and as many
 * draws with replacement. Each draw has a seed of its own, made of `seed` and its number: the same seed gives the same answer, however the
 * draws are shared out.
 *
 * Trades are taken as independent of each other: losses that come in streaks make real drawdowns worse than this says. Drawdowns are
 * those between closed trades. 10,000 runs of 10,000 trades take a second or more: see `monteCarloOnThreads`. Sources: B. Efron, "Bootstrap
 * Methods: Another Look at the Jackknife", Annals of Statistics 7 (1979); the shuffle is Fisher and Yates's.
 *
 * @param profits Of closed trades, in order, in the smallest unit of one asset.
 * @param runs 10 to 1,000,000.
 * @returns Undefined with fewer than two trades.
 * @throws {InvalidInputError} When `runs` or `seed` is out of range.
 */
export function monteCarlo(profits: readonly number[], runs: number, seed: number): MonteCarlo | undefined {
  const draws = emptyDraws(runs);
  drawRuns(Float64Array.from(profits), seed, 0, runs, draws);
  return toMonteCarlo(profits, seed, draws);
}

/** @throws {InvalidInputError} When `runs` is out of range. */
export function emptyDraws(runs: number): Draws {
  integerInRange("runs", runs, 10, 1_000_000);
  const column = () => new Float64Array(new SharedArrayBuffer(8 * runs));
  return { shuffledFalls: column(), drawnSums: column(), drawnFalls: column() };
}

/** Makes the draws numbered `from` to below `until`. @throws {InvalidInputError} When `seed` is out of range. */
export function drawRuns(profits: Float64Array, seed: number, from: number, until: number, draws: Draws): void {
  const all = createRandom(seed).fork("monte carlo");
  const order = new Float64Array(profits.length);
  for (let run = from; run < until; run++) {
    const random = all.fork(`${run}`);
    order.set(profits);
    for (let i = order.length - 1; i > 0; i--) {
      const other = random.integer(0, i);
      const held = order[i] as number;
      order[i] = order[other] as number;
      order[other] = held;
    }
    draws.shuffledFalls[run] = fallOf(order);
    const path = new Path();
    for (let i = 0; i < order.length; i++) path.add(profits[random.integer(0, order.length - 1)] as number);
    draws.drawnSums[run] = path.sum;
    draws.drawnFalls[run] = path.fall;
  }
}

/** Sums draws up, and sorts them for it. @returns Undefined with fewer than two trades. */
export function toMonteCarlo(
  profits: readonly number[],
  seed: number,
  { shuffledFalls, drawnSums, drawnFalls }: Draws,
): MonteCarlo | undefined {
  if (profits.length < 2) return undefined;
  const runs = drawnSums.length;
  return {
    runs,
    trades: profits.length,
    seed,
    maxDrawdown: fallOf(Float64Array.from(profits)),
    shuffledDrawdown: percentilesOf(shuffledFalls),
    drawnProfit: percentilesOf(drawnSums),
    drawnDrawdown: percentilesOf(drawnFalls),
    lossShare: drawnSums.filter((sum) => sum < 0).length / runs,
  };
}

/** A sum as it grows, and its largest fall from a height before. */
class Path {
  sum = 0;
  fall = 0;
  #peak = 0;

  add(profit: number): void {
    this.sum += profit;
    if (this.sum > this.#peak) this.#peak = this.sum;
    else if (this.#peak - this.sum > this.fall) this.fall = this.#peak - this.sum;
  }
}

function fallOf(profits: Float64Array): number {
  const path = new Path();
  for (let i = 0; i < profits.length; i++) path.add(profits[i] as number);
  return path.fall;
}

/** The smallest value that at least the share of all values does not exceed (nearest rank). */
function percentilesOf(values: Float64Array): Percentiles {
  values.sort();
  const at = (share: number) => values[Math.max(0, Math.ceil(share * values.length) - 1)] as number;
  return { p1: at(0.01), p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95), p99: at(0.99) };
}
