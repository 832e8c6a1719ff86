import type { Clock } from "../clock.ts";

interface Waiting {
  readonly dueNs: number;
  readonly expire: () => void;
}

/**
 * Gives every operation the same time, with one timer for all of them.
 *
 * The times are equal, so operations fall due in the order they began and only the oldest is watched: a timer per
 * `timeoutMs` instead of one per operation. An operation that is late is not stopped, only no longer waited for.
 */
export class Deadline {
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #timeoutMs: number;
  readonly #onLate: () => Error;
  readonly #waiting = new Set<Waiting>(); // oldest first
  readonly #closing = new AbortController();
  #isWatching = false;

  constructor(clock: Pick<Clock, "monotonicNs" | "sleep">, timeoutMs: number, onLate: () => Error) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onLate = onLate;
  }

  /** What `operation` gives. @throws What it throws; what `onLate` makes when it takes longer. */
  run<R>(operation: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        dueNs: this.#clock.monotonicNs() + this.#timeoutMs * 1e6,
        expire: () => reject(this.#onLate()),
      };
      operation().then(
        (result) => {
          this.#waiting.delete(waiting);
          resolve(result);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
      this.#waiting.add(waiting);
      if (!this.#isWatching) void this.#watch();
    });
  }

  /** Ends the timer; what still waits is late now. */
  close(): void {
    this.#closing.abort();
    for (const { expire } of this.#waiting) expire();
    this.#waiting.clear();
  }

  async #watch(): Promise<void> {
    this.#isWatching = true;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) break;
      const leftMs = (oldest.dueNs - this.#clock.monotonicNs()) / 1e6;
      if (leftMs > 0) {
        await this.#clock.sleep(leftMs, signal).catch(() => undefined); // rejects only when closed, which the loop sees
      } else {
        this.#waiting.delete(oldest);
        oldest.expire();
      }
    }
    this.#isWatching = false;
  }
}
