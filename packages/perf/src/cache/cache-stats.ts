import type { LatencySummary } from "../metrics/latency-histogram.ts";
import type { TierStats } from "./guarded-tier.ts";

export interface CacheStats {
  /**
   * The first tier. Its latency is of one look-up each `resolutionMs`, a reading of the clock (some 35 ns) included; of none
   * with a resolution of 0.
   */
  readonly first: {
    readonly hits: number;
    readonly staleHits: number;
    readonly misses: number;
    readonly hitRatio: number;
    readonly latency: LatencySummary;
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
