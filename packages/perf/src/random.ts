import { integerInRange } from "./errors.ts";

/** Randomness as everything of Pitlane sees it: passed in, so that a seed repeats a run. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits of resolution. */
  next(): number;
  /** Uniform whole number in [min, max], both included. */
  integer(min: number, max: number): number;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  /** Exponential with the given mean: the gaps of a Poisson process. */
  exponential(mean: number): number;
  /** An independent stream, fixed by this one's seed and `label` alone: adding a consumer shifts nobody else's draws. */
  fork(label: string): Random;
}

/**
 * A seeded source: the same seed gives the same draws on every platform. Not for secrets.
 *
 * Source: sfc32 (Chris Doty-Humphrey's PractRand), seeded by SplitMix-style mixing of the 32-bit seed;
 * the normal by Marsaglia's polar method (1964).
 *
 * @throws {InvalidInputError} When `seed` is not a whole number from 0 to 2^32 - 1.
 * @example
 * const random = createRandom(42);
 * const gapMs = random.exponential(25);
 */
export function createRandom(seed: number): Random {
  return new Sfc32(integerInRange("seed", seed, 0, 0xffffffff));
}

class Sfc32 implements Random {
  readonly #seed: number;
  readonly #state: Uint32Array;
  #spareNormal = Number.NaN;

  constructor(seed: number) {
    this.#seed = seed;
    this.#state = Uint32Array.of(mix(seed), mix(seed ^ 0x9e3779b9), mix(seed ^ 0x85ebca6b), 1);
    for (let i = 0; i < 12; i++) this.next();
  }

  next(): number {
    const s = this.#state;
    const a = s[0] as number;
    const b = s[1] as number;
    const c = s[2] as number;
    const d = s[3] as number;
    const sum = (a + b + d) >>> 0;
    s[3] = d + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    return sum / 0x100000000;
  }

  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  normal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      const r = x * x + y * y;
      if (r >= 1 || r === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(r)) / r);
      this.#spareNormal = y * scale;
      return x * scale;
    }
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  fork(label: string): Random {
    let hash = this.#seed ^ 0x811c9dc5; // FNV-1a over the label
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    return new Sfc32(hash >>> 0);
  }
}

function mix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
