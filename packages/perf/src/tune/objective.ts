import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange } from "../errors.ts";
import type { Goal } from "./decide.ts";

/** What is to become better. */
export interface Objective {
  /** Names it in errors. */
  readonly name: string;
  readonly goal: Goal;
  /**
   * Measures one window of the running program, from now on, and gives its figure: a p99, a throughput. It decides how long a
   * window is. When `signal` aborts, it rejects soon.
   */
  measure(signal: AbortSignal): Promise<number>;
}

export interface LatencyObjectiveOptions {
  /** What the program records into; nobody else may reset it. */
  readonly histogram: { readonly count: number; percentileNs(percentile: number): number; reset(): void };
  /** 0 to 100; 99 unless told. */
  readonly percentile?: number;
  /** Length of a window, in milliseconds; 1 to 3,600,000. Long enough for some hundred samples. */
  readonly windowMs: number;
  readonly clock: Pick<Clock, "sleep">;
}

/**
 * An objective that lowers a latency percentile of what the program records into a `LatencyHistogram`, in nanoseconds.
 *
 * A window in which nothing was recorded is an error: no latency is not a low one.
 *
 * @throws {InvalidInputError} When an option is out of range.
 * @example
 * const objective = latencyObjective({ histogram, percentile: 99, windowMs: 1000, clock });
 */
export function latencyObjective({ histogram, percentile = 99, windowMs, clock }: LatencyObjectiveOptions): Objective {
  inRange("percentile", percentile, 0, 100);
  inRange("windowMs", windowMs, 1, 3_600_000);
  return {
    name: `p${percentile} latency`,
    goal: "min",
    async measure(signal) {
      histogram.reset();
      await clock.sleep(windowMs, signal);
      if (histogram.count === 0) throw new InvalidInputError(`nothing was recorded in ${windowMs} ms: is there load?`);
      return histogram.percentileNs(percentile);
    },
  };
}
