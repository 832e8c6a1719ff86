import type { Limiter } from "./limiter.ts";

/**
 * How many of its `limit` units a limiter would not give now: for gauges and alerts. Asks it about as often as `limit` has binary digits.
 *
 * @example
 * const window = new SlidingWindow({ limit: 100, windowMs: 60_000, clock });
 * console.log(`${unitsUsed(window, 100)} of 100`);
 */
export function unitsUsed(limiter: Pick<Limiter, "waitMs">, limit: number): number {
  let free = 0; // so many are surely to be had
  let most = limit;
  while (free < most) {
    const middle = Math.ceil((free + most) / 2);
    if (limiter.waitMs(middle) === 0) free = middle;
    else most = middle - 1;
  }
  return limit - free;
}
