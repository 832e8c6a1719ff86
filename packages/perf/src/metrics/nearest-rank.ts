/**
 * The place (1 to `count`) of the sample that at least `percentile` percent of `count` sorted samples do not exceed.
 *
 * Rounds up from one part in 2^52 below, as HdrHistogram does: 99.9 / 100 * 1000 is 999.0000000000001 in doubles and means 999.
 *
 * @param percentile 0 to 100; not checked.
 */
export function nearestRank(percentile: number, count: number): number {
  return Math.max(1, Math.ceil((percentile / 100) * count * (1 - Number.EPSILON)));
}
