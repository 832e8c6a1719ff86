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

/**
 * What luck in the order, and in the choice, of a run's trades could have made of it: `runs` permutations of their profits, and as many
 * draws with replacement. The same seed gives the same answer.
 *
 * Trades are taken as independent of each other: losses that come in streaks make real drawdowns worse than this says. Drawdowns are
 * those between closed trades. Sources: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7 (1979);
 * the shuffle is Fisher and Yates's.
 *
 * @param profits Of closed trades, in order, in the smallest unit of one asset.
 * @param runs 10 to 1,000,000.
 * @returns Undefined with fewer than two trades.
 * @throws {InvalidInputError} When `runs` or `seed` is out of range.
 */
export function monteCarlo(profits: readonly number[], runs: number, seed: number): MonteCarlo | undefined {
  integerInRange("runs", runs, 10, 1_000_000);
  const random = createRandom(seed).fork("monte carlo");
  const count = profits.length;
  if (count < 2) return undefined;
  const order = Float64Array.from(profits);
  const shuffled = new Float64Array(runs);
  const drawn = new Float64Array(runs);
  const drawnFalls = new Float64Array(runs);
  let losses = 0;
  for (let run = 0; run < runs; run++) {
    for (let i = count - 1; i > 0; i--) {
      const other = random.integer(0, i);
      const held = order[i] as number;
      order[i] = order[other] as number;
      order[other] = held;
    }
    shuffled[run] = fallOf(order);
    const path = new Path();
    for (let i = 0; i < count; i++) path.add(profits[random.integer(0, count - 1)] as number);
    drawn[run] = path.sum;
    drawnFalls[run] = path.fall;
    if (path.sum < 0) losses++;
  }
  return {
    runs,
    trades: count,
    seed,
    maxDrawdown: fallOf(Float64Array.from(profits)),
    shuffledDrawdown: percentilesOf(shuffled),
    drawnProfit: percentilesOf(drawn),
    drawnDrawdown: percentilesOf(drawnFalls),
    lossShare: losses / runs,
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
