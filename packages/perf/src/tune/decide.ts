/** What one interleaved pair of windows measured: the objective under the value in force, and under the one on trial. */
export interface Pair {
  readonly incumbent: number;
  readonly candidate: number;
}

/** Whether less or more of the objective is better. */
export type Goal = "min" | "max";

export interface TrialPlan {
  readonly goal: Goal;
  /** Smallest gain worth having, as a part of the incumbent's figure: 0.01 for 1 %. */
  readonly minGain: number;
  /** Chance of taking a change that does nothing, over the whole trial. */
  readonly alpha: number;
  /** Numbers of pairs after which the trial is judged, ascending; `alpha` is shared equally among them. */
  readonly looks: readonly number[];
}

export interface Decision {
  readonly verdict: "keep" | "reject" | "continue";
  /** Chance of pairs this favourable if the change gained less than `minGain`; 1 between looks. */
  readonly p: number;
  /** Median gain, as a part of the incumbent's figure; positive is better. 0 between looks. */
  readonly gain: number;
}

/**
 * Judges a trial by its pairs so far: is the gain real, and at least `minGain`? Pure.
 *
 * The test is Wilcoxon's signed-rank test, one-sided, with its exact distribution, on one difference a pair. Latency samples are
 * autocorrelated and skewed, so a t-test over samples would call noise a gain. Here the unit is a pair of windows, and a coin
 * decides which of the two settings goes first. If the setting does nothing, the two figures of a pair are what they would have
 * been anyway, and only that coin gave their difference its sign: signs are fair and independent whatever the samples'
 * distribution, drift or correlation within and between windows. That is all the test assumes. What it cannot see is an effect
 * of one window on the next: the optimizer lets the program settle after each switch.
 *
 * Demanding `minGain` lowers every difference, which can only make acceptance rarer. Looks share `alpha` (Bonferroni), so judging
 * early does not raise the chance of a false gain. A trial whose median gain is not positive at a look ends there.
 *
 * Sources: F. Wilcoxon, Biometrics Bulletin 1 (1945); R. A. Fisher, The Design of Experiments (1935), on randomisation as the
 * basis of inference; the count of positive Walsh averages as the statistic: J. W. Tukey (1949).
 *
 * @example
 * const { verdict, gain } = decide(pairs, { goal: "min", minGain: 0.01, alpha: 0.001, looks: [12, 24, 48] });
 */
export function decide(pairs: readonly Pair[], { goal, minGain, alpha, looks }: TrialPlan): Decision {
  if (!looks.includes(pairs.length)) return { verdict: "continue", p: 1, gain: 0 };
  const sign = goal === "min" ? 1 : -1;
  const gain = medianOfWalshAverages(pairs.map(({ incumbent, candidate }) => relative(incumbent, candidate, sign)));
  const p = signedRankP(
    pairs.map(({ incumbent, candidate }) => sign * (incumbent - candidate) - minGain * Math.abs(incumbent)),
  );
  if (p <= alpha / looks.length) return { verdict: "keep", p, gain };
  const isLast = pairs.length >= (looks.at(-1) ?? 0);
  return { verdict: isLast || gain <= 0 ? "reject" : "continue", p, gain };
}

/**
 * The chance of at least as many positive Walsh averages (means of two differences, or of one with itself) as `differences` have,
 * if each sign were a fair coin's. Zeros and ties count against, so the result errs to the safe side.
 */
export function signedRankP(differences: readonly number[]): number {
  let positive = 0;
  for (let i = 0; i < differences.length; i++) {
    for (let j = i; j < differences.length; j++) {
      if ((differences[i] as number) + (differences[j] as number) > 0) positive++;
    }
  }
  return chanceOfAtLeast(positive, differences.length);
}

/** P(sum of the ranks 1..n whose coin shows heads >= `sum`): adds one rank after the other to the distribution of the sum. */
function chanceOfAtLeast(sum: number, n: number): number {
  const largest = (n * (n + 1)) / 2;
  const chances = new Float64Array(largest + 1);
  chances[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let s = largest; s >= 0; s--) {
      chances[s] = ((chances[s] as number) + (s >= rank ? (chances[s - rank] as number) : 0)) / 2;
    }
  }
  let chance = 0;
  for (let s = largest; s >= sum; s--) chance += chances[s] as number; // from the small ones up, so that none is lost
  return Math.min(1, chance);
}

function relative(incumbent: number, candidate: number, sign: number): number {
  const difference = sign * (incumbent - candidate);
  return difference === 0 ? 0 : difference / Math.max(Math.abs(incumbent), Number.MIN_VALUE);
}

/** The Hodges-Lehmann estimate that belongs to the signed-rank test: a centre that a few wild windows cannot move. */
function medianOfWalshAverages(values: readonly number[]): number {
  const averages: number[] = [];
  for (let i = 0; i < values.length; i++) {
    for (let j = i; j < values.length; j++) averages.push(((values[i] as number) + (values[j] as number)) / 2);
  }
  averages.sort((a, b) => a - b);
  const middle = averages.length / 2;
  if (averages.length === 0) return 0;
  return averages.length % 2 === 1
    ? (averages[Math.floor(middle)] as number)
    : ((averages[middle - 1] as number) + (averages[middle] as number)) / 2;
}
