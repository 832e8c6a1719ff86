import { decadeBounds, type HistogramSnapshot, type LatencyHistogram } from "@pitlane/perf/metrics";
import { STAGES } from "../latency.ts";
import type { SampleFeed } from "./observer.ts";

/** Upper bounds in seconds: 100 ns, which a hook may take, to 5 s, which no request is waited for. */
const BOUNDS: readonly number[] = Object.freeze(decadeBounds(-7, 0));
const BOUNDS_NS: readonly number[] = BOUNDS.map((seconds) => Math.round(seconds * 1e9));

/**
 * The stages' latencies since the start as one histogram of buckets, `pitlane_stage_duration_seconds`, with a series each.
 *
 * Quantiles of two processes cannot be added up; buckets of equal bounds can, which is why exporters send this beside the quantiles. A bucket
 * of `LatencyHistogram` that reaches over a bound counts as above it: a duration is never shown as shorter than it was, and by at most a
 * thousandth as longer.
 */
export function stageHistogram(samples: Pick<SampleFeed, "histogram">): HistogramSnapshot {
  return {
    kind: "histogram",
    name: "pitlane_stage_duration_seconds",
    help: "Latency of each stage between a frame and an order, since the start.",
    overflowed: 0,
    bounds: BOUNDS,
    series: STAGES.map((stage) => ({ labels: { stage }, ...countedBelow(samples.histogram(stage)) })),
  };
}

function countedBelow(latency: LatencyHistogram): { counts: number[]; sum: number; count: number } {
  const count = latency.count;
  let below = 0;
  const counts = BOUNDS_NS.map((boundNs) => {
    const before = below;
    below = latency.countUpTo(boundNs);
    return below - before;
  });
  return { counts: [...counts, count - below], sum: (latency.meanNs * count) / 1e9, count };
}
