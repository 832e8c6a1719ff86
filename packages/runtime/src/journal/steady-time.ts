import type { Clock } from "@pitlane/perf";

// Of the real pace, while the clock is behind: what waits for a time still comes, an eighth late, and the clock catches up.
const SLEWED = 7 / 8;
const TOLD_AGAIN_US = 1e6;

/** How far the clock was behind. */
export interface Behind {
  readonly clockAtUs: number;
  /** The time that is given out instead. */
  readonly heldAtUs: number;
  readonly behindUs: number;
}

/**
 * Wall time that never goes back and never stands still. While the clock is behind the last time given out, time goes on from there at seven
 * eighths of the monotonic clock's pace, until the clock has caught up.
 *
 * As adjtime(3) slews, but not by 0.05 %: a clock that was put back by an hour is caught up with in 8 hours and not in 83 days.
 *
 * @example
 * const time = new SteadyTime(clock, 0, ({ behindUs }) => console.warn(`the clock is ${behindUs} us behind`));
 * time.nowUs();
 */
export class SteadyTime {
  /** The last time given out, or noted; microseconds since the epoch. */
  lastUs: number;
  readonly #clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly #onBehind: (behind: Behind) => void;
  #toldUs = 0; // how far it was behind when that was last told; 0 while it is not behind
  #fromUs = 0;
  #fromNs = 0;

  /** @param onBehind Told when the clock falls behind, and when it falls back by another second or more. */
  constructor(clock: Pick<Clock, "nowUs" | "monotonicNs">, lastUs: number, onBehind: (behind: Behind) => void) {
    this.#clock = clock;
    this.lastUs = lastUs;
    this.#onBehind = onBehind;
  }

  /** Microseconds since the epoch. */
  nowUs(): number {
    const clockUs = this.#clock.nowUs();
    if (clockUs < this.lastUs || this.#toldUs > 0) return this.#slewed(clockUs);
    this.lastUs = clockUs;
    return clockUs;
  }

  /** Something was noted for a time of its own, which the next ones are not before. */
  note(atUs: number): void {
    if (atUs > this.lastUs) this.lastUs = atUs;
  }

  #slewed(clockUs: number): number {
    const heldAtUs = this.lastUs;
    const nowNs = this.#clock.monotonicNs();
    if (this.#toldUs === 0) {
      this.#fromUs = heldAtUs;
      this.#fromNs = nowNs;
    }
    const slewedUs = this.#fromUs + Math.floor(((nowNs - this.#fromNs) / 1000) * SLEWED);
    this.lastUs = Math.max(heldAtUs, slewedUs, clockUs);
    const behindUs = this.lastUs - clockUs;
    if (behindUs === 0) this.#toldUs = 0;
    else if (this.#toldUs === 0 || behindUs > this.#toldUs + TOLD_AGAIN_US) {
      this.#toldUs = behindUs;
      this.#onBehind({ clockAtUs: clockUs, heldAtUs: this.lastUs, behindUs });
    }
    return this.lastUs;
  }
}
