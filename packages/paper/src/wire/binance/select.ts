import { refuse } from "./errors.ts";
import type { Params } from "./params.ts";

const DAY_US = 86_400_000_000;

/**
 * The rows that `startTime`, `endTime` and `limit` select out of `rows`, which are oldest first: without times the newest, with
 * a start the oldest from it, with an end alone the newest up to it. Both bounds are included.
 *
 * Source: rest-api.md, "General API information".
 *
 * @throws {VenueRefusal} -1127 when `maxSpanUs` is given and start and end are further apart.
 */
export function selectByTime<T>(
  rows: readonly T[],
  timeUs: (row: T) => number,
  params: Params,
  limit: number,
  maxSpanUs = DAY_US,
): readonly T[] {
  const startUs = params.timeUs("startTime");
  const endUs = params.timeUs("endTime");
  if (startUs !== undefined && endUs !== undefined && endUs - startUs > maxSpanUs) throw refuse.windowTooBig();
  const from = startUs === undefined ? 0 : firstAfter(rows, timeUs, startUs);
  // A millisecond stands for all of its microseconds.
  const to = endUs === undefined ? rows.length : firstAfter(rows, timeUs, endUs + 1000);
  if (startUs !== undefined) return rows.slice(from, Math.min(to, from + limit));
  return rows.slice(Math.max(0, to - limit), to);
}

function firstAfter<T>(rows: readonly T[], timeUs: (row: T) => number, atUs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeUs(rows[middle]!) < atUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
