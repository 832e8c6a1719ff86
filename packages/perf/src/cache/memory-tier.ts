import { integerInRange } from "../errors.ts";
import { type Invalidation, InvalidationLog } from "./invalidation.ts";
import { TaggedLru } from "./tagged-lru.ts";
import type { Tier, TierEntry, TierRead } from "./tier.ts";

export interface MemoryTierOptions {
  /** "memory" unless told. */
  readonly name?: string;
  /** Most entries kept, 1 to 1e7; the one used longest ago goes first. 100,000 unless told. */
  readonly capacity?: number;
}

const REMEMBERED_INVALIDATIONS = 10_000;

/**
 * A tier in this process's memory: one store behind several caches, and the plainest example of the `Tier` contract.
 *
 * Values are kept as text, so what a caller does to its object changes nobody else's. Remembers the last 10,000
 * invalidations; a write that began before them is refused. Expired entries stay until they are replaced or pushed out.
 *
 * @example
 * const shared = new MemoryTier();
 * const cache = new TieredCache<Balance>({ clock, tiers: [shared] });
 */
export class MemoryTier implements Tier {
  readonly name: string;
  readonly #entries: TaggedLru<TierEntry>;
  readonly #log = new InvalidationLog(REMEMBERED_INVALIDATIONS);

  /** @throws {InvalidInputError} When `capacity` is out of range. */
  constructor({ name = "memory", capacity = 100_000 }: MemoryTierOptions = {}) {
    this.name = name;
    this.#entries = new TaggedLru(integerInRange("capacity", capacity, 1, 1e7));
  }

  async get(key: string): Promise<TierRead> {
    return { entry: this.#entries.get(key), epoch: this.#log.epoch };
  }

  async set(key: string, entry: TierEntry, epoch: number): Promise<boolean> {
    if (this.#log.overtakes(epoch, key, entry.tags)) return false;
    this.#entries.set(key, entry);
    return true;
  }

  async invalidate(invalidations: readonly Invalidation[]): Promise<number> {
    for (const invalidation of invalidations) {
      this.#log.add(invalidation);
      this.#entries.invalidate(invalidation);
    }
    return this.#log.epoch;
  }
}
