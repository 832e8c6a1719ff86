/** What is known of an endpoint's quality. A new one every time, as it is rare: once a probe or a call that counts. */
export interface Score {
  /** Smoothed latency, in milliseconds; NaN before the first. */
  readonly latencyMs: number;
  /** Smoothed share of failures, 0 to 1. */
  readonly errorRate: number;
  /** When it was last heard of, on the monotonic clock. */
  readonly heardNs: number;
}

export interface ScoreRules {
  /** Weight of a new sample, above 0 and at most 1. */
  readonly alpha: number;
  /** Knowledge this old counts half, in nanoseconds. */
  readonly staleNs: number;
}

/** Nothing is known. */
export const UNKNOWN: Score = Object.freeze({
  latencyMs: Number.NaN,
  errorRate: 0,
  heardNs: Number.NEGATIVE_INFINITY,
});

const MOST_GROWTH = 2; // a sample counts as at most so many times the latency before: one hiccup must not look like five bad samples

/** The score after an exchange that took `latencyMs`. */
export function afterSuccess(score: Score, latencyMs: number, nowNs: number, { alpha }: ScoreRules): Score {
  const before = Number.isNaN(score.latencyMs) ? latencyMs : score.latencyMs;
  return {
    latencyMs: before + alpha * (Math.min(latencyMs, MOST_GROWTH * Math.max(before, 0.1)) - before),
    errorRate: score.errorRate * (1 - alpha),
    heardNs: nowNs,
  };
}

/** The score after a failure. Its latency says nothing: what fails at once is not fast. */
export function afterFailure(score: Score, nowNs: number, { alpha }: ScoreRules): Score {
  return {
    latencyMs: score.latencyMs,
    errorRate: score.errorRate + alpha * (1 - score.errorRate),
    heardNs: nowNs,
  };
}

const FAILURE_FACTOR = 10; // one failure in ten doubles the cost

/**
 * What a call there is expected to cost, comparable between endpoints; less is better. In milliseconds of latency: failures raise it,
 * and so does age, without bound, so that nobody moves to where nobody has been for long. Infinity when nothing is known.
 */
export function costOf({ latencyMs, errorRate, heardNs }: Score, nowNs: number, { staleNs }: ScoreRules): number {
  if (Number.isNaN(latencyMs)) return Number.POSITIVE_INFINITY;
  return Math.max(latencyMs, 0.01) * (1 + FAILURE_FACTOR * errorRate) * (1 + Math.max(0, nowNs - heardNs) / staleNs);
}

/** Hysteresis: how often in a row a challenger was found better, by a margin, than the present choice. */
export interface ChallengeRules {
  /** How much less another must cost, as a share; 0.3 is 30 %. */
  readonly margin: number;
  /** How often in a row it must. */
  readonly samples: number;
}

/** The challenger's count after a comparison; at `samples` it has won. */
export function nextWins(
  wins: number,
  challengerCost: number,
  presentCost: number,
  { margin }: ChallengeRules,
): number {
  return challengerCost < presentCost * (1 - margin) ? wins + 1 : 0;
}
