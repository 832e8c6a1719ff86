import type { Clock } from "../clock.ts";
import type { InvalidationBus } from "./bus.ts";
import type { Codec } from "./codec.ts";
import type { DataClass, DataClassOptions } from "./data-class.ts";
import type { CacheFault } from "./errors.ts";
import type { Tier } from "./tier.ts";

export interface TieredCacheOptions<V, C extends string = DataClass> {
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs" | "sleep">;
  /** How long each class of data is kept; `DATA_CLASSES` unless told. */
  readonly classes?: Readonly<Record<C, DataClassOptions>>;
  /** Most entries of the first tier, 0 to 1e7; the one used longest ago goes first, and 0 keeps nothing there. 10,000 unless told. */
  readonly capacity?: number;
  /** The tiers below the first, in the order they are read. The cache does not close them. None unless told. */
  readonly tiers?: readonly Tier[];
  /** Tells other caches what was invalidated, and this one what others did. None unless told. */
  readonly bus?: InvalidationBus;
  /** How values become text for the tiers; unchecked JSON unless told. */
  readonly codec?: Codec<V>;
  /** The first tier reads the clock at most once in this time, in milliseconds, 0 (every time: 35 ns a hit) to 1,000; 1 unless told. */
  readonly resolutionMs?: number;
  /** Longest wait for one operation of a tier or of the bus, in milliseconds, 1 to 60,000; 100 unless told. */
  readonly tierTimeoutMs?: number;
  /** When a tier that fails is left alone, and how long: after 3 failures in a row, for 1,000 ms unless told. */
  readonly breaker?: { readonly consecutiveErrors: number; readonly openMs: number };
  /** Told of what no caller sees: a tier that failed, a refresh that threw. Must not throw. `stats()` counts them either way. */
  readonly onError?: (fault: CacheFault) => void;
}

/** How to come by a value that no tier has. Make it once and use it for every key: the hit path then allocates only its promise. */
export interface LoadRequest<V, C extends string = DataClass> {
  readonly class: C;
  /** Names under which the entry can be invalidated together with others. */
  readonly tags?: readonly string[];
  /**
   * Asks the source; undefined says that there is nothing, which is kept too. `signal` aborts when no caller waits any
   * more; there is none when the first of them could not abort.
   */
  readonly load: (key: string, signal: AbortSignal | undefined) => Promise<V | undefined>;
}
