import { seededRandom } from "../../src/testing.ts";
import type { Knob, Objective } from "../../src/tune/index.ts";

export interface ServiceOptions {
  /** The knob's best value; null for a knob that does nothing. */
  readonly optimum: number | null;
  readonly start: number;
  readonly seed: number;
  /** Standard deviation of a window's noise, as a part of the figure. */
  readonly noise?: number;
  /** How much of a window's noise the next one keeps: AR(1), 0 to 1. */
  readonly correlation?: number;
  /** By how much the whole program gets slower over each 1,000 windows, as a part of the figure. */
  readonly drift?: number;
}

/**
 * A program with one knob from 1 to 4,096 whose p99 is best at a planted optimum: 1,000 us there, 4 % more for each doubling away,
 * squared. Windows are noisy, skewed, correlated and drift, as those of a real program on a shared machine.
 */
export function simulateService(options: ServiceOptions) {
  const { optimum, start, seed, noise = 0.1, correlation = 0.8, drift = 0.05 } = options;
  const random = seededRandom(seed);
  let value = start;
  let state = 0;
  let windows = 0;
  const trueFigure = (at: number) => (optimum === null ? 1000 : 1000 * (1 + 0.04 * Math.log2(at / optimum) ** 2));
  const knob: Knob = {
    name: "batchSize",
    min: 1,
    max: 4096,
    step: 1,
    scale: "log",
    get: () => value,
    set: (next) => {
      value = next;
    },
  };
  const objective: Objective = {
    name: "p99",
    goal: "min",
    measure: async () => {
      state = correlation * state + Math.sqrt(1 - correlation ** 2) * random.normal();
      const spike = random.next() < 0.05 ? 1 + random.exponential(0.5) : 1; // another tenant's burst, now and then
      return trueFigure(value) * (1 + (drift * ++windows) / 1000) * Math.exp(noise * state) * spike;
    },
  };
  return { knob, objective, trueFigure, current: () => value, windows: () => windows };
}
