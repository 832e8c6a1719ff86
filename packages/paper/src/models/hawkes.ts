import type { Random } from "@pitlane/perf";

/** A self-exciting arrival process: each arrival makes more of them likely for a while. */
export interface HawkesRules {
  /** Arrivals a second that nothing excites. */
  readonly base: number;
  /** Arrivals that one arrival brings about by itself, on average: 0 to below 1. */
  readonly branching: number;
  /** How fast excitement fades, per second. */
  readonly decay: number;
}

/** The next arrival. */
export interface Arrival {
  /** From the last one, in seconds. */
  readonly seconds: number;
  /** Arrivals a second, above the base, that are excited right after it. */
  readonly excited: number;
}

/** Arrivals a second in the long run. */
export function meanRate({ base, branching }: HawkesRules): number {
  return base / (1 - branching);
}

/**
 * Draws the next arrival of a Hawkes process with an exponential kernel.
 *
 * Pure. Between arrivals the intensity only falls, so candidates are drawn at the present one and thinned by what it has fallen to.
 * Source: Y. Ogata, "On Lewis' simulation method for point processes", IEEE Transactions on Information Theory 27, 1981.
 *
 * @param excited What the last arrival's `excited` was; 0 at the start.
 * @param factor Multiplies the base: above 1 in busy times.
 * @example
 * const { seconds, excited } = nextArrival({ base: 38, branching: 0.5, decay: 3 }, 0, random);
 */
export function nextArrival(rules: HawkesRules, excited: number, random: Random, factor = 1): Arrival {
  const base = rules.base * factor;
  let seconds = 0;
  let left = excited;
  for (;;) {
    const bound = base + left;
    const wait = random.exponential(1 / bound);
    seconds += wait;
    left *= Math.exp(-rules.decay * wait);
    if (random.next() * bound <= base + left) return { seconds, excited: left + rules.branching * rules.decay };
  }
}
