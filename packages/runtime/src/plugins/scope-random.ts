import type { Random } from "@pitlane/perf";

/**
 * Randomness of one plugin: fixed by the run's seed, the plugin's name and the number of snapshots taken so far.
 *
 * A generator's inner state cannot be read, so a snapshot begins a new stream in its place: the process that goes on and the one that
 * starts from the snapshot draw the same numbers.
 */
export class ScopeRandom implements Random {
  readonly #root: Random;
  #epoch: number;
  #stream: Random;

  /** @param root Of the run and the plugin. */
  constructor(root: Random, epoch = 0) {
    this.#root = root;
    this.#epoch = epoch;
    this.#stream = root.fork(`epoch ${epoch}`);
  }

  /** Which stream is drawn from. */
  get epoch(): number {
    return this.#epoch;
  }

  set epoch(epoch: number) {
    this.#epoch = epoch;
    this.#stream = this.#root.fork(`epoch ${epoch}`);
  }

  next(): number {
    return this.#stream.next();
  }

  integer(min: number, max: number): number {
    return this.#stream.integer(min, max);
  }

  normal(): number {
    return this.#stream.normal();
  }

  exponential(mean: number): number {
    return this.#stream.exponential(mean);
  }

  fork(label: string): Random {
    return this.#stream.fork(label);
  }
}
