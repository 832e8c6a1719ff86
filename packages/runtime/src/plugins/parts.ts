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
   * Offers a number to the auto-optimizer, as `PLUGIN/NAME`. What a knob changes may change decisions: leave knobs alone in a run that is to be
   * replayed.
   */
  knob(knob: Knob): void;
}

/** What a plugin made and may need closing. */
export class ScopeParts implements PerfParts {
  readonly #plugin: string;
  readonly #clock: Clock;
  readonly #onClose: (close: () => void | Promise<void>) => void;
  readonly #caches: boolean;
  readonly #knobs = new Map<string, Knob>();
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
    return new ObjectPool(options);
  }

  bufferPool(options: BufferPoolOptions = {}): BufferPool {
    this.#made++;
    return new BufferPool(options);
  }

  cache<V, C extends string = DataClass>(options: Omit<TieredCacheOptions<V, C>, "clock"> = {}): TieredCache<V, C> {
    const kept = this.#caches ? options : { ...options, capacity: 0, tiers: [] };
    const cache = new TieredCache<V, C>({ ...kept, clock: this.#clock });
    this.#made++;
    this.#onClose(() => cache.close());
    return cache;
  }

  knob(knob: Knob): void {
    if (this.#knobs.has(knob.name))
      throw new InvalidInputError(`${this.#plugin} has two knobs named ${knob.name}: give one another name`);
    this.#made++;
    this.#knobs.set(knob.name, { ...knob, name: `${this.#plugin}/${knob.name}` });
  }

  clear(): void {
    this.#knobs.clear();
  }
}
