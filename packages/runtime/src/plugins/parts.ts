import { type Clock, InvalidInputError } from "@pitlane/perf";
import { type DataClass, TieredCache, type TieredCacheOptions } from "@pitlane/perf/cache";
import { SlidingWindow, type SlidingWindowOptions, TokenBucket, type TokenBucketOptions } from "@pitlane/perf/limit";
import { BufferPool, type BufferPoolOptions, ObjectPool, type ObjectPoolOptions } from "@pitlane/perf/pool";
import type { Knob } from "@pitlane/perf/tune";

/**
 * Parts of `@pitlane/perf` for one plugin: on the session's time, so that a limiter decides alike in a replay, and closed with the plugin.
 *
 * @example
 * const bucket = ctx.perf.tokenBucket({ capacity: 5, tokensPerSecond: 1 });
 * ctx.on("quote", (quote) => { if (bucket.tryTake()) ctx.submit(intentFor(quote)); });
 */
export interface PerfParts {
  tokenBucket(options: Omit<TokenBucketOptions, "clock">): TokenBucket;
  slidingWindow(options: Omit<SlidingWindowOptions, "clock">): SlidingWindow;
  objectPool<T extends object>(options: ObjectPoolOptions<T>): ObjectPool<T>;
  bufferPool(options?: BufferPoolOptions): BufferPool;
  /**
   * Its loads are promises: for setup and for work beside the hooks, never within one. Where the settings say `caches: false` it keeps
   * nothing, whatever `capacity` and `tiers` say, and each look-up is a load.
   */
  cache<V, C extends string = DataClass>(options?: Omit<TieredCacheOptions<V, C>, "clock">): TieredCache<V, C>;
  /**
   * Offers a number to the auto-optimizer, as `PLUGIN/NAME`. In a session it is set between two inputs and journaled, so that a replay sets
   * it at the same place: what `set` does must be done when it returns.
   */
  knob(knob: Knob): void;
}

/** How a cache of a plugin does, tier by tier. */
export interface CacheUse {
  /** `PLUGIN/cache-NUMBER`, in the order in which they were made. */
  readonly name: string;
  /** `memory` for the first; then the tiers' own names. */
  readonly tier: string;
  readonly hits: number;
  readonly misses: number;
  /** Null where the tier does not tell. */
  readonly entries: number | null;
}

/** How a pool of a plugin does. */
export interface PoolUse {
  /** `PLUGIN/objects-NUMBER` or `PLUGIN/buffers-NUMBER`. */
  readonly name: string;
  readonly free: number;
  readonly inUse: number;
  readonly created: number;
}

const MOST_WATCHED = 100; // caches, and pools, of one plugin: of more no use is told

/** What a plugin made and may need closing. */
export class ScopeParts implements PerfParts {
  readonly #plugin: string;
  readonly #clock: Clock;
  readonly #onClose: (close: () => void | Promise<void>) => void;
  readonly #caches: boolean;
  readonly #knobs = new Map<string, Knob>();
  readonly #watchedCaches: TieredCache<unknown, string>[] = [];
  readonly #watchedPools: (() => PoolUse)[] = [];
  #made = 0;

  /**
   * @param clock Time of the session; `sleep` is the host's.
   * @param caches Whether caches keep anything.
   */
  constructor(plugin: string, clock: Clock, onClose: (close: () => void | Promise<void>) => void, caches: boolean) {
    this.#caches = caches;
    this.#plugin = plugin;
    this.#clock = clock;
    this.#onClose = onClose;
  }

  /** Parts made so far. */
  get made(): number {
    return this.#made;
  }

  get knobs(): readonly Knob[] {
    return [...this.#knobs.values()];
  }

  tokenBucket(options: Omit<TokenBucketOptions, "clock">): TokenBucket {
    this.#made++;
    return new TokenBucket({ ...options, clock: this.#clock });
  }

  slidingWindow(options: Omit<SlidingWindowOptions, "clock">): SlidingWindow {
    this.#made++;
    return new SlidingWindow({ ...options, clock: this.#clock });
  }

  objectPool<T extends object>(options: ObjectPoolOptions<T>): ObjectPool<T> {
    this.#made++;
    const pool = new ObjectPool(options);
    this.#watchPool("objects", () => pool.stats());
    return pool;
  }

  bufferPool(options: BufferPoolOptions = {}): BufferPool {
    this.#made++;
    const pool = new BufferPool(options);
    this.#watchPool("buffers", () => {
      const { free, inUse } = pool.stats();
      return { free, inUse, created: free + inUse };
    });
    return pool;
  }

  cache<V, C extends string = DataClass>(options: Omit<TieredCacheOptions<V, C>, "clock"> = {}): TieredCache<V, C> {
    const kept = this.#caches ? options : { ...options, capacity: 0, tiers: [] };
    const cache = new TieredCache<V, C>({ ...kept, clock: this.#clock });
    this.#made++;
    this.#onClose(() => cache.close());
    if (this.#watchedCaches.length < MOST_WATCHED) this.#watchedCaches.push(cache as TieredCache<unknown, string>);
    return cache;
  }

  knob(knob: Knob): void {
    if (this.#knobs.has(knob.name))
      throw new InvalidInputError(`${this.#plugin} has two knobs named ${knob.name}: give one another name`);
    this.#made++;
    this.#knobs.set(knob.name, { ...knob, name: `${this.#plugin}/${knob.name}` });
  }

  /** How caches and pools do: the first 100 of each. */
  usage(): { readonly caches: readonly CacheUse[]; readonly pools: readonly PoolUse[] } {
    const caches = this.#watchedCaches.flatMap((cache, at) => cacheUse(`${this.#plugin}/cache-${at + 1}`, cache));
    return { caches, pools: this.#watchedPools.map((use) => use()) };
  }

  clear(): void {
    this.#knobs.clear();
    this.#watchedCaches.length = 0;
    this.#watchedPools.length = 0;
  }

  #watchPool(kind: string, stats: () => Omit<PoolUse, "name">): void {
    const pools = this.#watchedPools;
    if (pools.length === MOST_WATCHED) return;
    const name = `${this.#plugin}/${kind}-${pools.length + 1}`;
    pools.push(() => {
      const { free, inUse, created } = stats();
      return { name, free, inUse, created };
    });
  }
}

function cacheUse(name: string, cache: TieredCache<unknown, string>): CacheUse[] {
  const { first, tiers, entries } = cache.stats();
  return [
    { name, tier: "memory", hits: first.hits + first.staleHits, misses: first.misses, entries },
    ...tiers.map(({ name: tier, hits, misses }) => ({ name, tier, hits, misses, entries: null })),
  ];
}
