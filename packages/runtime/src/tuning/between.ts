import type { LatencyBucket } from "@pitlane/perf/metrics";

/**
 * A percentile of what a histogram recorded between two looks at its buckets, in nanoseconds: so that nobody has to reset what others read.
 * Undefined when nothing was. Pure.
 *
 * @param percentile 0 to 100; by nearest rank, the upper end of the bucket in which it is reached.
 */
export function percentileBetweenNs(
  before: readonly LatencyBucket[],
  after: readonly LatencyBucket[],
  percentile: number,
): number | undefined {
  const earlier = new Map(before.map(({ lowestNs, count }) => [lowestNs, count]));
  const added: { readonly highestNs: number; readonly count: number }[] = [];
  let total = 0;
  for (const { lowestNs, highestNs, count } of after) {
    const since = count - (earlier.get(lowestNs) ?? 0);
    earlier.delete(lowestNs);
    if (since < 0) throw wasReset();
    added.push({ highestNs, count: since });
    total += since;
  }
  if (earlier.size > 0) throw wasReset();
  let left = nearestRank(percentile, total);
  for (const { highestNs, count } of added) {
    left -= count;
    if (left <= 0 && count > 0) return highestNs;
  }
  return undefined;
}

function nearestRank(percentile: number, count: number): number {
  return Math.max(1, Math.ceil((percentile / 100) * count * (1 - Number.EPSILON))); // as histograms do
}

function wasReset(): Error {
  return new Error("the counts of a histogram went down: was it reset?");
}
