import { createHistogram } from "node:perf_hooks";

/** How late the event loop got to a timer in a period, microseconds beyond the time it was due. */
export interface LoopDelay {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** The part of a histogram of `node:perf_hooks` that is read; values in nanoseconds. */
export interface IntervalReadings {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  percentile(percentile: number): number;
}

/**
 * Lateness from the gaps between ticks of a timer of `resolutionMs`; all 0 when it did not tick.
 *
 * The histogram holds whole gaps, so an idle loop reads as the resolution itself: it is taken off again here.
 */
export function toLoopDelay(gaps: IntervalReadings, resolutionMs: number): LoopDelay {
  const late = (gapNs: number) => (gaps.count === 0 ? 0 : Math.max(0, (gapNs - resolutionMs * 1e6) / 1000));
  return {
    meanUs: late(gaps.mean),
    p50Us: late(gaps.percentile(50)),
    p99Us: late(gaps.percentile(99)),
    maxUs: late(gaps.max),
  };
}

/**
 * Watches this thread's event loop with a timer that does not keep the process alive.
 *
 * Not `monitorEventLoopDelay`: its `reset` forgets the gap under way, so of a loop that blocks right after a sample it
 * shows nothing. Here a reading closes the open gap and begins the next one: every moment is in exactly one reading.
 */
export function watchLoopDelay(resolutionMs: number): { take: () => LoopDelay; close: () => void } {
  const gaps = createHistogram();
  const timer = setInterval(() => gaps.recordDelta(), resolutionMs);
  timer.unref();
  let isWatching = true;
  gaps.recordDelta(); // the first call only marks the time
  return {
    take: () => {
      if (isWatching) gaps.recordDelta();
      const delay = toLoopDelay(gaps, resolutionMs);
      gaps.reset();
      if (isWatching) gaps.recordDelta();
      return delay;
    },
    close: () => {
      isWatching = false;
      clearInterval(timer);
      gaps.reset();
    },
  };
}
