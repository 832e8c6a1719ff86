import type { Clock } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";

export interface UpdateDriveOptions {
  readonly updates: number;
  readonly perSecond: number;
  readonly clock: Pick<Clock, "monotonicNs">;
  /** Holds the thread until about `atNs`, monotonic nanoseconds; a little late is as a socket would be. */
  readonly waitUntil: (atNs: number) => void;
  /** Does update number `index`, from 0; all that follows from it is done when it returns. */
  readonly apply: (index: number) => void;
}

/** How the updates went. */
export interface UpdateTimes {
  readonly elapsedMs: number;
  /** From the moment each was due until it was done. */
  readonly latency: LatencyHistogram;
}

/**
 * Does updates at moments that were fixed beforehand, and times each from its moment: what a slow one holds up counts for those that wait,
 * as it does for a market that does not wait either.
 */
export function driveUpdates({ updates, perSecond, clock, waitUntil, apply }: UpdateDriveOptions): UpdateTimes {
  const latency = new LatencyHistogram();
  const stepNs = 1e9 / perSecond;
  const startedNs = clock.monotonicNs();
  for (let index = 0; index < updates; index++) {
    const dueNs = startedNs + index * stepNs;
    if (clock.monotonicNs() < dueNs) waitUntil(dueNs);
    apply(index);
    latency.record(clock.monotonicNs() - dueNs);
  }
  return { elapsedMs: (clock.monotonicNs() - startedNs) / 1e6, latency };
}
