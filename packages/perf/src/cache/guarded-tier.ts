import type { Clock } from "../clock.ts";
import { LatencyHistogram, type LatencySummary } from "../metrics/latency-histogram.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import type { Invalidation } from "./invalidation.ts";
import type { Tier, TierEntry, TierRead } from "./tier.ts";

/** What one tier below the first did. */
export interface TierStats {
  readonly name: string;
  /** Reads that found an entry that could be given. */
  readonly hits: number;
  /** All other reads, those of a tier that was down included. */
  readonly misses: number;
  /** Hits over reads; 0 when there were none. */
  readonly hitRatio: number;
  /** Operations that failed or were late. */
  readonly failures: number;
  /** Operations not tried because the tier had failed too often. */
  readonly refusals: number;
  /** Writes given up because 1,000 were under way. */
  readonly droppedWrites: number;
  /** Of reads that the tier answered. */
  readonly latency: LatencySummary;
}

const MOST_WRITES = 1_000;

/** A tier that never fails: reads of one that is down are misses, writes to it are left out. Keeps its statistics. */
export class GuardedTier {
  readonly name: string;
  readonly #tier: Tier;
  readonly #guard: Guard;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #latency = new LatencyHistogram();
  readonly #writes = new Set<Promise<void>>();
  #seenEpoch: number | undefined;
  #reads = 0;
  #hits = 0;
  #droppedWrites = 0;

  constructor(tier: Tier, options: GuardOptions) {
    this.name = tier.name;
    this.#tier = tier;
    this.#guard = new Guard(tier.name, options);
    this.#clock = options.clock;
  }

  /** The newest epoch the tier has told; it may be further. Undefined before its first answer. */
  get seenEpoch(): number | undefined {
    return this.#seenEpoch;
  }

  /** Undefined when the tier does not answer: without its epoch nothing may be written to it. */
  async read(key: string): Promise<TierRead | undefined> {
    this.#reads++;
    const startedNs = this.#clock.monotonicNs();
    const read = await this.#guard.run("get", () => this.#tier.get(key), key);
    if (read === undefined) return undefined;
    this.#latency.record(this.#clock.monotonicNs() - startedNs);
    this.#see(read.epoch);
    return read;
  }

  /** Counts the last read as a hit: only the cache can tell whether an entry is still good. */
  countHit(): void {
    this.#hits++;
  }

  /** Writes unless the key was invalidated since `epoch`. Need not be waited for; with 1,000 under way it is left out. */
  write(key: string, entry: TierEntry, epoch: number): Promise<void> {
    if (this.#writes.size >= MOST_WRITES) {
      this.#droppedWrites++;
      return Promise.resolve();
    }
    const write = this.#guard
      .run("set", () => this.#tier.set(key, entry, epoch), key)
      .then(() => {
        this.#writes.delete(write);
      });
    this.#writes.add(write);
    return write;
  }

  /** The epoch after it; undefined when the tier may not have done it. */
  async invalidate(invalidations: readonly Invalidation[]): Promise<number | undefined> {
    const epoch = await this.#guard.run("invalidate", () => this.#tier.invalidate(invalidations));
    if (epoch !== undefined) this.#see(epoch);
    return epoch;
  }

  /** Waits for the writes under way and ends the timer; the tier itself stays open. */
  async close(): Promise<void> {
    await Promise.all(this.#writes);
    this.#guard.close();
  }

  stats(): TierStats {
    return {
      name: this.name,
      hits: this.#hits,
      misses: this.#reads - this.#hits,
      hitRatio: this.#reads === 0 ? 0 : this.#hits / this.#reads,
      failures: this.#guard.failures,
      refusals: this.#guard.refusals,
      droppedWrites: this.#droppedWrites,
      latency: this.#latency.summary(),
    };
  }

  #see(epoch: number): void {
    this.#seenEpoch = Math.max(this.#seenEpoch ?? 0, epoch);
  }
}
