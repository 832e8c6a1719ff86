import type { Disturbance } from "./sample.ts";

const KEPT = 8_192;

/** The last 8,192 disturbances: minutes of them also where the collector is busy. */
export class Disturbances {
  readonly #kept: Disturbance[] = [];
  #next = 0; // the oldest, once all places are taken

  note(disturbance: Disturbance): void {
    this.#kept[this.#next] = disturbance;
    this.#next = this.#next + 1 === KEPT ? 0 : this.#next + 1;
  }

  /** Those that overlap a span of monotonic time, in no particular order. */
  overlapping(startNs: number, endNs: number): readonly Disturbance[] {
    return this.#kept.filter((one) => one.endNs > startNs && one.startNs < endNs);
  }
}
