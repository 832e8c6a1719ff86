import type { Random } from "@pitlane/perf";

const DECAY_PER_SECOND = 0.4; // a burst is over in some 2.5 s
const OFFSPRING = 0.6; // trades that one trade brings about, on average; below 1, or it would never end

interface Source {
  /** Its share of the arrivals that nothing brought about, beside the other weights. */
  readonly weight: number;
  /** Arrivals a second that earlier ones brought about. */
  excitement: number;
}

export interface ArrivalsOptions {
  readonly random: Random;
  /** Arrivals a second on average, over all keys. */
  readonly perSecond: number;
  readonly startS: number;
}

/**
 * Arrivals in bursts: every arrival makes more of the same key likelier for a while (a Hawkes process of exponential kernel).
 * Keys excite only themselves; their weights share out what nothing brought about, so that the mean does not depend on the keys.
 *
 * Source: Ogata, "On Lewis' simulation method for point processes" (1981): thinning under the present intensity, which only falls.
 */
export class Arrivals<K> {
  readonly #sources = new Map<K, Source>();
  readonly #random: Random;
  readonly #basePerSecond: number;
  #weights = 0; // of all keys
  #atS: number;

  constructor({ random, perSecond, startS }: ArrivalsOptions) {
    this.#random = random;
    this.#basePerSecond = perSecond * (1 - OFFSPRING);
    this.#atS = startS;
  }

  /** Adds a key; `weight` is above 0. */
  add(key: K, weight: number): void {
    this.#sources.set(key, { weight, excitement: 0 });
    this.#weigh();
  }

  remove(key: K): void {
    this.#sources.delete(key);
    this.#weigh();
  }

  /** How likely arrivals of `key` are now, a second; 0 of an unknown one. */
  intensityOf(key: K): number {
    const source = this.#sources.get(key);
    return source === undefined ? 0 : this.#of(source);
  }

  /** Seconds until something may arrive; ask `arrive` then. `Infinity` without keys. */
  nextGapS(): number {
    const bound = this.#intensity();
    return bound > 0 ? this.#random.exponential(1 / bound) : Number.POSITIVE_INFINITY;
  }

  /** Moves to `atS`, without an arrival. */
  passTo(atS: number): void {
    const left = Math.exp(-DECAY_PER_SECOND * (atS - this.#atS));
    for (const source of this.#sources.values()) source.excitement *= left;
    this.#atS = atS;
  }

  /** Moves to `atS`, to which `nextGapS` led: the key that arrives, or undefined where the burst had calmed down too far. */
  arrive(atS: number): K | undefined {
    const bound = this.#intensity();
    this.passTo(atS);
    let point = this.#random.next() * bound;
    for (const [key, source] of this.#sources) {
      point -= this.#of(source);
      if (point >= 0) continue;
      source.excitement += OFFSPRING * DECAY_PER_SECOND;
      return key;
    }
    return undefined;
  }

  #of({ weight, excitement }: Source): number {
    return (this.#basePerSecond * weight) / this.#weights + excitement;
  }

  #intensity(): number {
    let sum = this.#sources.size === 0 ? 0 : this.#basePerSecond;
    for (const { excitement } of this.#sources.values()) sum += excitement;
    return sum;
  }

  // Added up anew: sums and differences of floats would drift.
  #weigh(): void {
    this.#weights = 0;
    for (const { weight } of this.#sources.values()) this.#weights += weight;
  }
}
