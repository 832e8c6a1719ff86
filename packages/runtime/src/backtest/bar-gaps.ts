import type { BarColumns } from "./columns.ts";

/** The first row from `row` on that does not follow the one before it; Infinity when there is none. Pure. */
export function nextGapRow(columns: BarColumns, row: number): number {
  const { length, startUs, intervalUs } = columns;
  const longestUs = 2 * intervalUs; // months differ in length: less than two intervals is no gap
  for (let i = Math.max(1, row); i < length; i++) if (startUs[i]! - startUs[i - 1]! >= longestUs) return i;
  return Number.POSITIVE_INFINITY;
}

/** Bars that are missing between a row and the one before it. Pure. */
export function missingBefore({ startUs, intervalUs }: BarColumns, row: number): number {
  return Math.floor((startUs[row]! - startUs[row - 1]!) / intervalUs) - 1;
}
