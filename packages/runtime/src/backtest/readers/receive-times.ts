import type { DepthColumns } from "../columns.ts";

/**
 * Columns in which nothing is received before it happened: where a recorder's clock was behind the venue's, every receive time is moved
 * later by as much as the worst of them lies before its venue time, so that the fastest message took no time at all.
 *
 * Source: hftbacktest, `correct_local_timestamp`, https://hftbacktest.readthedocs.io/en/latest/data.html, which does the same.
 *
 * @returns By how many microseconds they were moved; 0 when they are right as they are.
 */
export function alignReceiveTimes(columns: readonly DepthColumns[]): number {
  let behindUs = 0;
  for (const { length, atUs, receivedAtUs } of columns) {
    for (let i = 0; i < length; i++) behindUs = Math.max(behindUs, (atUs[i] as number) - (receivedAtUs[i] as number));
  }
  if (behindUs === 0) return 0;
  for (const { length, receivedAtUs } of columns) {
    for (let i = 0; i < length; i++) receivedAtUs[i] = (receivedAtUs[i] as number) + behindUs;
  }
  return behindUs;
}
