/** What every limiter of one process answers. Costs are in the limiter's own unit: tokens, requests or weight. */
export interface Limiter {
  /** Takes `cost`, or nothing and returns false. @throws {InvalidInputError} When no wait could ever admit `cost`. */
  tryTake(cost?: number): boolean;
  /** Whole milliseconds until `tryTake(cost)` succeeds, if nobody else takes; 0 when it does now. Throws as `tryTake`. */
  waitMs(cost?: number): number;
}

/** A limiter that knows when it may be forgotten: then a new one in its place would admit no more than it does. */
export interface ForgettableLimiter extends Limiter {
  isIdle(): boolean;
}
