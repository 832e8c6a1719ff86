import type { Clock, Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import { asError } from "../../as-error.ts";
import type { DepthSnapshot } from "../../book/depth-diff.ts";
import { RateLimitError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import { slept } from "../../slept.ts";

export interface SnapshotLoaderOptions {
  readonly fetch: (instrument: Instrument, signal: AbortSignal) => Promise<DepthSnapshot>;
  /** Takes what was fetched; false asks for another one. */
  readonly accept: (instrument: Instrument, snapshot: DepthSnapshot) => boolean;
  readonly onError: (error: Error) => void;
  readonly clock: Pick<Clock, "sleep" | "monotonicNs">;
  readonly random: Pick<Random, "next">;
}

interface Job {
  readonly instrument: Instrument;
  /** How often it was tried before. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}

interface Success {
  readonly attempt: number;
  readonly atNs: number;
}

const AT_ONCE = 4; // a snapshot of 5,000 levels costs 250 of the 6,000 request weights a minute
const BACKOFF = { baseMs: 100, capMs: 5_000 } as const;
const LASTING_NS = 10e9; // a book that is asked for again sooner than this is one that does not last

/**
 * Fetches depth snapshots, four at a time in the order asked for, each again with backoff until it fits, or when it was asked
 * for a moment ago. When the venue says there were too many requests, all of them wait as long as it asks.
 *
 * @example
 * const loader = new SnapshotLoader({ fetch, accept, onError, clock, random });
 * loader.request(instrument);
 * loader.cancel();
 */
export class SnapshotLoader {
  readonly #options: SnapshotLoaderOptions;
  #stop = new AbortController();
  readonly #wanted = new Map<string, AbortController>(); // by instrument
  #queue: Job[] = [];
  readonly #successes = new Map<string, Success>();
  #running = 0;
  #pauses = 0; // under way; the longest one counts

  constructor(options: SnapshotLoaderOptions) {
    this.#options = options;
  }

  /** Asks for a snapshot; once per instrument until `accept` has returned true for it, or `cancel`. */
  request(instrument: Instrument): void {
    this.#wanted.get(instrument.id)?.abort();
    const wanted = new AbortController();
    this.#wanted.set(instrument.id, wanted);
    const { signal } = wanted;
    const last = this.#successes.get(instrument.id);
    const isSoon = last !== undefined && this.#options.clock.monotonicNs() - last.atNs < LASTING_NS;
    if (isSoon) return void this.#retry({ instrument, attempt: last.attempt, signal });
    this.#queue.push({ instrument, attempt: 0, signal });
    this.#start();
  }

  /** Forgets one instrument: it is not followed any more, or its connection was lost. */
  forget(instrument: Instrument): void {
    this.#wanted.get(instrument.id)?.abort();
    this.#wanted.delete(instrument.id);
    this.#queue = this.#queue.filter((job) => job.instrument.id !== instrument.id);
    this.#successes.delete(instrument.id);
  }

  /** Forgets everything asked for and ends the requests under way. */
  cancel(): void {
    for (const wanted of this.#wanted.values()) wanted.abort();
    this.#wanted.clear();
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#queue = [];
    this.#successes.clear();
    this.#pauses = 0;
  }

  #start(): void {
    while (this.#pauses === 0 && this.#running < AT_ONCE) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      void this.#load(job);
    }
  }

  async #load(job: Job): Promise<void> {
    const { fetch, accept, onError, clock } = this.#options;
    const { instrument, attempt, signal } = job;
    this.#running++;
    let isDone = false;
    try {
      const snapshot = await fetch(instrument, signal);
      if (signal.aborted) return;
      // Before accept, which may find the book wrong and ask again at once.
      this.#successes.set(instrument.id, { attempt, atNs: clock.monotonicNs() });
      isDone = accept(instrument, snapshot);
    } catch (error) {
      if (signal.aborted) return;
      onError(asError(error));
      if (error instanceof RateLimitError) void this.#pause(error.retryAfterMs, this.#stop.signal);
    } finally {
      this.#running--;
      this.#start();
    }
    if (!isDone) await this.#retry(job);
  }

  async #retry({ instrument, attempt, signal }: Job): Promise<void> {
    const delayMs = backoffMs(attempt, { ...BACKOFF, random: this.#options.random });
    if (!(await slept(this.#options.clock, delayMs, signal))) return;
    this.#queue.push({ instrument, attempt: attempt + 1, signal });
    this.#start();
  }

  async #pause(forMs: number, signal: AbortSignal): Promise<void> {
    this.#pauses++;
    if (!(await slept(this.#options.clock, forMs, signal))) return; // cancel has lifted the pause
    this.#pauses--;
    this.#start();
  }
}
