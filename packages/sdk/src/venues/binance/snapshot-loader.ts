import type { Clock, Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import type { DepthSnapshot } from "../../book/depth-diff.ts";
import { RateLimitError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";

export interface SnapshotLoaderOptions {
  readonly fetch: (instrument: Instrument, signal: AbortSignal) => Promise<DepthSnapshot>;
  /** Takes what was fetched; false asks for another one. */
  readonly accept: (instrument: Instrument, snapshot: DepthSnapshot) => boolean;
  readonly onError: (error: Error) => void;
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Random, "next">;
}

interface Job {
  readonly instrument: Instrument;
  readonly attempt: number;
  readonly signal: AbortSignal;
}

const AT_ONCE = 4; // a snapshot of 5,000 levels costs 250 of the 6,000 request weights a minute
const BACKOFF = { baseMs: 100, capMs: 5_000 } as const;

/**
 * Fetches depth snapshots, four at a time in the order asked for, each again with backoff until it fits. When the venue says
 * there were too many requests, all of them wait as long as it asks.
 *
 * @example
 * const loader = new SnapshotLoader({ fetch, accept, onError, clock, random });
 * loader.request(instrument);
 * loader.cancel();
 */
export class SnapshotLoader {
  readonly #options: SnapshotLoaderOptions;
  #stop = new AbortController();
  #queue: Job[] = [];
  #running = 0;
  #isPaused = false;

  constructor(options: SnapshotLoaderOptions) {
    this.#options = options;
  }

  /** Asks for a snapshot; once per instrument until `accept` has returned true for it, or `cancel`. */
  request(instrument: Instrument): void {
    this.#queue.push({ instrument, attempt: 0, signal: this.#stop.signal });
    this.#start();
  }

  /** Forgets everything asked for and ends the requests under way. */
  cancel(): void {
    this.#stop.abort(new Error("the snapshot is not wanted any more"));
    this.#stop = new AbortController();
    this.#queue = [];
    this.#isPaused = false;
  }

  #start(): void {
    while (!this.#isPaused && this.#running < AT_ONCE) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      void this.#load(job);
    }
  }

  async #load({ instrument, attempt, signal }: Job): Promise<void> {
    const { fetch, accept, onError } = this.#options;
    this.#running++;
    let isDone = false;
    try {
      const snapshot = await fetch(instrument, signal);
      isDone = signal.aborted || accept(instrument, snapshot);
    } catch (error) {
      if (!signal.aborted) {
        onError(error instanceof Error ? error : new Error(String(error)));
        if (error instanceof RateLimitError) this.#pause(error.retryAfterMs, signal);
      }
    } finally {
      this.#running--;
      this.#start();
    }
    if (isDone || !(await this.#slept(this.#delayMs(attempt), signal))) return;
    this.#queue.push({ instrument, attempt: attempt + 1, signal });
    this.#start();
  }

  #delayMs(attempt: number): number {
    return backoffMs(attempt, { ...BACKOFF, random: this.#options.random });
  }

  async #pause(forMs: number, signal: AbortSignal): Promise<void> {
    this.#isPaused = true;
    if (!(await this.#slept(forMs, signal))) return; // cancel has lifted the pause
    this.#isPaused = false;
    this.#start();
  }

  /** False when the wait was cancelled. */
  async #slept(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.clock.sleep(ms, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}
