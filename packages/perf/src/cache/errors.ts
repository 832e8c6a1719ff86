import { PitlaneError } from "../errors.ts";

/** A tier or the bus did not answer in time. Given to `onError`, never to a reader of the cache. */
export class TierTimeoutError extends PitlaneError {
  readonly code = "TIER_TIMEOUT";
  readonly retryable = true;
}

/** Every load of a key was overtaken by another invalidation of it, so there was no value to trust. */
export class CacheContendedError extends PitlaneError {
  readonly code = "CACHE_CONTENDED";
  readonly retryable = true;
}

/** The cache was used after `close`. */
export class CacheClosedError extends PitlaneError {
  readonly code = "CACHE_CLOSED";
  readonly retryable = false;
}

/** Something went wrong that no caller is told of. */
export interface CacheFault {
  readonly operation: "get" | "set" | "invalidate" | "publish" | "encode" | "decode" | "refresh";
  /** The tier's name, "bus", or "loader". */
  readonly at: string;
  /** The key, where there is one. */
  readonly key?: string;
  readonly error: unknown;
}
