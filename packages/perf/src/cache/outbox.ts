import type { Clock } from "../clock.ts";
import type { BusConnection } from "./bus.ts";
import type { Guard } from "./guard.ts";
import type { GuardedTier } from "./guarded-tier.ts";
import { affects, EVERYTHING, type Invalidation } from "./invalidation.ts";

/** How far an invalidation has come when its call returns. */
export interface InvalidationOutcome {
  /**
   * Tiers, and "bus", that have not taken it yet; they are told again until they do. This cache is right in any case: it
   * gives nothing from its tiers that a waiting invalidation means. Other processes may see the old value while any is left.
   */
  readonly pending: readonly string[];
}

export interface OutboxOptions {
  /** In the order in which they are read. */
  readonly tiers: readonly GuardedTier[];
  readonly bus: { readonly connection: BusConnection; readonly guard: Guard } | undefined;
  readonly clock: Pick<Clock, "sleep">;
  /** Called once every tier has deleted what `invalidation` means, before the bus is told. */
  readonly onTiersTold: (invalidation: Invalidation) => void;
}

interface Owed {
  readonly invalidation: Invalidation;
  areTiersTold: boolean;
}

interface Sent extends InvalidationOutcome {
  /** By tier: the epoch after the invalidation, undefined where it is pending. */
  readonly epochs: readonly (number | undefined)[];
}

const MOST_OWED = 10_000;
const RETRY_MS = 1_000;
const NOTHING_TO_TELL: Sent = { pending: [], epochs: [] };

/**
 * Carries invalidations to all tiers and to the bus, and keeps those that did not arrive until they do.
 *
 * The deepest tier is told first and the bus last. A reader goes the other way, so one that still finds the old value below
 * began before the tiers above were told, and its write there is refused; and a cache told by the bus can no longer find
 * the old value in any tier. When a tier fails, the others are told all the same, and the whole way is gone again every
 * second: a deeper tier may have handed the old value up in between.
 *
 * At most 10,000 are kept. One more turns them all into the invalidation of everything, which costs loads, not truth.
 */
export class Outbox {
  readonly #tiers: readonly GuardedTier[];
  readonly #bus: OutboxOptions["bus"];
  readonly #clock: Pick<Clock, "sleep">;
  readonly #onTiersTold: (invalidation: Invalidation) => void;
  readonly #owed = new Set<Owed>();
  readonly #closing = new AbortController();
  #isRetrying = false;

  constructor({ tiers, bus, clock, onTiersTold }: OutboxOptions) {
    this.#tiers = tiers;
    this.#bus = bus;
    this.#clock = clock;
    this.#onTiersTold = onTiersTold;
  }

  /** Invalidations that someone has not taken yet. */
  get size(): number {
    return this.#owed.size;
  }

  /** Whether a tier may still hold, under `key`, what has been invalidated. */
  withholds(key: string, tags: readonly string[]): boolean {
    for (const { invalidation, areTiersTold } of this.#owed) {
      if (!areTiersTold && affects(invalidation, key, tags)) return true;
    }
    return false;
  }

  /** Tells everyone once. Takes no longer than the timeouts of all tiers and the bus together. */
  async send(invalidation: Invalidation): Promise<Sent> {
    if (this.#tiers.length === 0 && this.#bus === undefined) return NOTHING_TO_TELL;
    const isFull = this.#owed.size >= MOST_OWED;
    if (isFull) this.#owed.clear();
    const owed: Owed = { invalidation: isFull ? EVERYTHING : invalidation, areTiersTold: false };
    this.#owed.add(owed);
    const sent = await this.#tellAll([owed]);
    if (sent.pending.length > 0 && !this.#isRetrying) void this.#retry();
    return sent;
  }

  /** Stops telling; what is still owed is forgotten. */
  close(): void {
    this.#closing.abort();
  }

  async #tellAll(batch: readonly Owed[]): Promise<Sent> {
    const invalidations = batch.map(({ invalidation }) => invalidation);
    const epochs = new Array<number | undefined>(this.#tiers.length);
    const pending: string[] = [];
    if (!batch.every(({ areTiersTold }) => areTiersTold)) {
      for (let i = this.#tiers.length - 1; i >= 0; i--) {
        const tier = this.#tiers[i]!;
        epochs[i] = await tier.invalidate(invalidations);
        if (epochs[i] === undefined) pending.unshift(tier.name);
      }
      if (pending.length === 0) {
        for (const owed of batch) {
          owed.areTiersTold = true;
          this.#onTiersTold(owed.invalidation);
        }
      }
    }
    if (this.#bus !== undefined) {
      const { connection, guard } = this.#bus;
      const told = await guard.run("publish", async () => {
        await connection.publish(invalidations);
        return true;
      });
      if (told === undefined) pending.push(guard.name);
    }
    if (pending.length === 0) for (const owed of batch) this.#owed.delete(owed);
    return { pending, epochs };
  }

  async #retry(): Promise<void> {
    this.#isRetrying = true;
    const { signal } = this.#closing;
    while (this.#owed.size > 0 && !signal.aborted) {
      await this.#clock.sleep(RETRY_MS, signal).catch(() => undefined); // rejects only when closed, which the loop sees
      if (!signal.aborted && this.#owed.size > 0) await this.#tellAll([...this.#owed]);
    }
    this.#isRetrying = false;
  }
}
