import type { LatencySummary } from "../metrics/latency-histogram.ts";
import type { TierStats } from "./guarded-tier.ts";

export interface CacheStats {
  /** The first tier. It has no latency: reading a clock twice costs more than a hit. */
  readonly first: {
    readonly hits: number;
    readonly staleHits: number;
    readonly misses: number;
    readonly hitRatio: number;
  };
  readonly tiers: readonly TierStats[];
  readonly loads: { readonly count: number; readonly failures: number; readonly latency: LatencySummary };
  /** Look-ups answered without a load, over all look-ups; joining another caller's load is no answer. */
  readonly hitRatio: number;
  /** Entries in the first tier, expired ones that nobody asked for included. */
  readonly entries: number;
  /** Values thrown away because an invalidation overtook them on the way to a caller. */
  readonly overtaken: number;
  /** Invalidations that a tier or the bus has not taken yet. */
  readonly pendingInvalidations: number;
}
