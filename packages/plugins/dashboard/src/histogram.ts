import type { LatencyBucket } from "@pitlane/perf/metrics";
import type { HistogramInfo, Stage } from "./protocol.ts";

const MOST_BARS = 60;

/**
 * Buckets of a histogram gathered into bars that grow evenly in size, so that 20 us and 20 ms both have room. Pure.
 *
 * A bucket, which is a thousandth wide, counts for the bar that its shortest duration is in.
 */
export function toBars(stage: Stage, buckets: readonly LatencyBucket[]): HistogramInfo {
  const first = buckets[0];
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) return { stage, count: 0, buckets: [] };
  const lowest = Math.max(1, first.lowestNs);
  const factor = Math.max(1.02, (Math.max(lowest, last.highestNs) / lowest) ** (1 / MOST_BARS));
  const counts: number[] = [];
  let total = 0;
  for (const { lowestNs, count } of buckets) {
    const bar = Math.min(
      MOST_BARS - 1,
      Math.floor(Math.log(Math.max(lowest, lowestNs) / lowest) / Math.log(factor) + 1e-9),
    );
    while (counts.length <= bar) counts.push(0);
    counts[bar] = (counts[bar] ?? 0) + count;
    total += count;
  }
  const edge = (bar: number) => (lowest * factor ** bar) / 1000;
  return {
    stage,
    count: total,
    buckets: counts.map((count, bar) => ({ fromUs: edge(bar), toUs: edge(bar + 1), count })),
  };
}
