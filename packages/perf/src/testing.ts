import type { Clock } from "./clock.ts";
import { createRandom, type Random } from "./random.ts";

interface Sleeper {
  readonly dueNs: number;
  readonly wake: () => void;
}

/**
 * A clock that moves only when told to. Sleepers wake in order of their time.
 *
 * @example
 * const clock = new ManualClock();
 * const slept = clock.sleep(100);
 * clock.advance({ ms: 100 });
 * await slept;
 */
export class ManualClock implements Clock {
  #monotonicNs = 0;
  readonly #startUs: number;
  #sleepers: Sleeper[] = [];

  /** @param startUs Wall time at the start, microseconds since the epoch; 2026-01-01 UTC when left out. */
  constructor(startUs = 1_767_225_600_000_000) {
    this.#startUs = startUs;
  }

  nowUs(): number {
    return this.#startUs + Math.floor(this.#monotonicNs / 1000);
  }

  monotonicNs(): number {
    return this.#monotonicNs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { dueNs: this.#monotonicNs + ms * 1e6, wake };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Moves time on and wakes, in order, whoever is due. */
  advance({ ms = 0, us = 0, ns = 0 }: { ms?: number; us?: number; ns?: number }): void {
    this.#monotonicNs += ms * 1e6 + us * 1e3 + ns;
    const due = this.#sleepers.filter((sleeper) => sleeper.dueNs <= this.#monotonicNs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueNs > this.#monotonicNs);
    for (const sleeper of due.sort((a, b) => a.dueNs - b.dueNs)) sleeper.wake();
  }

  /** How many sleeps are pending: a test waits for the code under test to reach one. */
  get sleeping(): number {
    return this.#sleepers.length;
  }
}

/** A seeded source for tests; seed 1 unless told. */
export function seededRandom(seed = 1): Random {
  return createRandom(seed);
}
