import type { Invalidation } from "./invalidation.ts";

/** What a bus tells a cache. The methods return at once and do not throw. */
export interface BusListener {
  /** Another cache invalidated these. */
  invalidated(invalidations: readonly Invalidation[]): void;
  /** From now on messages may be missed: the cache keeps nothing in its first tier until `restored`. */
  lost(): void;
  /** Every message from now on will arrive again. */
  restored(): void;
}

/** One cache's place on a bus. */
export interface BusConnection {
  /** Resolves when every other connected cache has been told, or as near to that as the bus can promise; rejects when it cannot. */
  publish(invalidations: readonly Invalidation[]): Promise<void>;
  close(): void;
}

/**
 * Carries invalidations between caches: of this process by `LocalBus`, of others by Redis, PostgreSQL or NATS.
 *
 * A message goes to every connection but the one that published it. A bus that is not up yet when a cache connects says
 * `lost` within `connect` and `restored` once it is.
 */
export interface InvalidationBus {
  connect(listener: BusListener): BusConnection;
}

/**
 * The bus between caches of one process. A publication has reached everyone when `publish` returns.
 *
 * @example
 * const bus = new LocalBus();
 * const quotes = new TieredCache<Quote>({ clock, bus });
 * const sameQuotes = new TieredCache<Quote>({ clock, bus });
 * await quotes.invalidateTag("binance"); // both have forgotten it
 */
export class LocalBus implements InvalidationBus {
  readonly #listeners = new Set<BusListener>();

  connect(listener: BusListener): BusConnection {
    this.#listeners.add(listener);
    return {
      publish: async (invalidations) => {
        for (const other of this.#listeners) if (other !== listener) other.invalidated(invalidations);
      },
      close: () => {
        this.#listeners.delete(listener);
      },
    };
  }
}
