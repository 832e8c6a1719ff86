import type { Invalidation } from "./invalidation.ts";

/** A value as tiers below the first keep it. Times are wall time, microseconds since the epoch, so that processes can share them. */
export interface TierEntry {
  /** Text made by the cache's codec; null when it is known that there is nothing under the key. */
  readonly value: string | null;
  /** Not to be given without question from then on. */
  readonly freshUntilUs: number;
  /** Not to be given at all from then on; at least `freshUntilUs`. */
  readonly staleUntilUs: number;
  readonly tags: readonly string[];
}

/** What a tier knew at one moment: the entry, if any, and the epoch it was read in. */
export interface TierRead {
  readonly entry: TierEntry | undefined;
  readonly epoch: number;
}

/**
 * A store below the first tier: memory, SQLite, Redis, PostgreSQL. Several caches and processes may share one.
 *
 * A tier counts its invalidations: the count is its **epoch**. Whoever may write later reads the epoch first, and the tier
 * refuses the write when an invalidation since then means that key or one of its tags. This is what keeps a slow load in one
 * process from putting back what another process has just invalidated, so each method must act as one atomic step:
 * - `get` reads entry and epoch together.
 * - `set` compares and writes together. It refuses also when the tier no longer remembers that far back, and when `epoch`
 *   lies ahead of its own: a tier that lost its data must not mistake an old epoch for a new one (start from the time).
 * - `invalidate` counts (one each) and deletes together. Doing it twice must be harmless: what timed out is sent again.
 *
 * Expired entries may be given back, the cache checks; they should be removed in time. Methods reject when the tier is down.
 * They take no signal: the cache stops waiting by itself, and a late answer is ignored.
 * The cache does not close its tiers; whoever made them does.
 */
export interface Tier {
  /** For statistics and errors; unique within a cache. */
  readonly name: string;
  get(key: string): Promise<TierRead>;
  /** Writes unless an invalidation after `epoch` means it; false when refused. */
  set(key: string, entry: TierEntry, epoch: number): Promise<boolean>;
  /** Deletes what is meant and returns the epoch after it. */
  invalidate(invalidations: readonly Invalidation[]): Promise<number>;
}
