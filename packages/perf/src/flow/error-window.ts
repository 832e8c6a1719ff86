import { inRange, integerInRange } from "../errors.ts";

export interface ErrorRate {
  /** Share of failed calls from which the rate is too high; above 0, up to 1. */
  readonly ratio: number;
  /** Below so many calls in the window no rate is judged; 1 to 1e6. */
  readonly minCalls: number;
  /** How far back calls count, in milliseconds; 10 to 3,600,000. */
  readonly windowMs: number;
}

const BUCKETS = 10;

/**
 * Counts calls and failures of the last `windowMs` in ten buckets of a tenth each, without an allocation per call.
 *
 * The oldest bucket leaves as a whole, so what counts is the last 0.9 to 1.0 windows.
 */
export class ErrorWindow {
  readonly #ratio: number;
  readonly #minCalls: number;
  readonly #bucketNs: number;
  readonly #calls = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);
  #newest = 0; // number of the bucket that time is in, counted from the clock's start

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor({ ratio, minCalls, windowMs }: ErrorRate) {
    this.#ratio = inRange("errorRate.ratio", ratio, Number.MIN_VALUE, 1);
    this.#minCalls = integerInRange("errorRate.minCalls", minCalls, 1, 1e6);
    this.#bucketNs = (inRange("errorRate.windowMs", windowMs, 10, 3_600_000) * 1e6) / BUCKETS;
  }

  /** Counts one call that ended at `nowNs`. */
  record(nowNs: number, hasFailed: boolean): void {
    this.#moveTo(nowNs);
    const slot = this.#newest % BUCKETS;
    this.#calls[slot] = (this.#calls[slot] as number) + 1;
    if (hasFailed) this.#failures[slot] = (this.#failures[slot] as number) + 1;
  }

  /** Whether enough calls were counted, as of the last `record`, and too many of them failed. */
  get isOver(): boolean {
    let calls = 0;
    let failures = 0;
    for (let slot = 0; slot < BUCKETS; slot++) {
      calls += this.#calls[slot] as number;
      failures += this.#failures[slot] as number;
    }
    return calls >= this.#minCalls && failures >= this.#ratio * calls;
  }

  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
  }

  #moveTo(nowNs: number): void {
    const newest = Math.floor(nowNs / this.#bucketNs);
    if (newest - this.#newest >= BUCKETS) this.clear();
    else
      for (let bucket = this.#newest + 1; bucket <= newest; bucket++) {
        this.#calls[bucket % BUCKETS] = 0;
        this.#failures[bucket % BUCKETS] = 0;
      }
    this.#newest = newest;
  }
}
