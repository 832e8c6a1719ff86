import type { Clock } from "@pitlane/perf";
import type { GcPause } from "@pitlane/perf/monitor";
import type { Disturbance } from "./sample.ts";

const PROBE_MS = 20;
const LEAST_STALL_NS = 10e6;
const LEAST_PAUSE_MS = 0.1;

export interface StallWatchOptions {
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly onStall: (stall: Disturbance) => void;
  /** Calls `run` every so many milliseconds without keeping the process alive, until the function it returns is called. */
  readonly every?: (intervalMs: number, run: () => void) => () => void;
}

/**
 * Tells of stalls of this thread's event loop by a timer of 20 ms that looks how late it is: from 10 ms on it is a stall, from when the
 * timer was due until it ran. A stall of 30 ms or more is always seen, one between 10 and 30 ms when the timer falls into it early enough.
 *
 * @returns What ends it.
 */
export function watchStalls({ clock, onStall, every = everyUnreferenced }: StallWatchOptions): () => void {
  let dueNs = clock.monotonicNs() + PROBE_MS * 1e6;
  return every(PROBE_MS, () => {
    const nowNs = clock.monotonicNs();
    if (nowNs - dueNs >= LEAST_STALL_NS)
      onStall({ kind: "loopStall", what: "event loop", startNs: dueNs, endNs: nowNs });
    dueNs = nowNs + PROBE_MS * 1e6;
  });
}

/**
 * A pause of the collector as a disturbance; undefined of one under 0.1 ms, of which there are many and which explain nothing. Pure.
 *
 * @param originNs What the monotonic clock showed when `performance.now` was 0.
 */
export function toDisturbance({ kind, startMs, durationMs }: GcPause, originNs: number): Disturbance | undefined {
  if (durationMs < LEAST_PAUSE_MS) return undefined;
  const startNs = originNs + startMs * 1e6;
  return { kind: "gc", what: kind, startNs, endNs: startNs + durationMs * 1e6 };
}

function everyUnreferenced(intervalMs: number, run: () => void): () => void {
  const timer = setInterval(run, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
