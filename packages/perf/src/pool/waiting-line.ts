import type { Clock } from "../clock.ts";

/** One caller that waits, linked to its neighbours. */
interface Waiter {
  readonly dueNs: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  readonly detach: (() => void) | undefined;
  older: Waiter | undefined;
  newer: Waiter | undefined;
}

/**
 * Callers that wait in the order they came, each for the same time at most, counted from when it came.
 *
 * As the times are equal, the oldest is due first: one timer watches the head instead of one for each caller. The line is
 * linked, so that leaving from the middle does not cost its length. Whoever calls `wait` bounds it.
 */
export class WaitingLine {
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #onLate: () => Error;
  readonly #closing = new AbortController();
  #oldest: Waiter | undefined;
  #newest: Waiter | undefined;
  #size = 0;
  #isWatched = false;

  constructor(clock: Pick<Clock, "monotonicNs" | "sleep">, onLate: () => Error) {
    this.#clock = clock;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Resolves when woken; `dueNs` is never before that of an earlier caller.
   *
   * @throws What `onLate` makes at `dueNs`; the signal's reason or that of `close` when it comes first.
   */
  wait(dueNs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#refuse(waiter, signal?.reason);
      const detach = signal && (() => signal.removeEventListener("abort", onAbort));
      const waiter: Waiter = { dueNs, resolve, reject, detach, older: this.#newest, newer: undefined };
      signal?.addEventListener("abort", onAbort, { once: true });
      if (this.#newest === undefined) this.#oldest = waiter;
      else this.#newest.newer = waiter;
      this.#newest = waiter;
      this.#size++;
      if (!this.#isWatched) void this.#watch();
    });
  }

  /** Wakes who waits longest; false when nobody waits. */
  wakeOldest(): boolean {
    const waiter = this.#oldest;
    if (waiter === undefined) return false;
    this.#remove(waiter);
    waiter.resolve();
    return true;
  }

  /** Refuses all who wait, for `reason`, and ends the timer. */
  close(reason: Error): void {
    this.#closing.abort();
    while (this.#oldest !== undefined) this.#refuse(this.#oldest, reason);
  }

  /** Sleeps until the head is due, for as long as there is one. */
  async #watch(): Promise<void> {
    this.#isWatched = true;
    const { signal } = this.#closing;
    while (this.#oldest !== undefined) {
      const leftMs = (this.#oldest.dueNs - this.#clock.monotonicNs()) / 1e6;
      if (leftMs <= 0) this.#refuse(this.#oldest, this.#onLate());
      else await this.#clock.sleep(leftMs, signal).catch(() => undefined); // rejects only by `close`, which empties the line
    }
    this.#isWatched = false;
  }

  #refuse(waiter: Waiter, reason: unknown): void {
    this.#remove(waiter);
    waiter.reject(reason);
  }

  #remove(waiter: Waiter): void {
    waiter.detach?.();
    if (waiter.older === undefined) this.#oldest = waiter.newer;
    else waiter.older.newer = waiter.newer;
    if (waiter.newer === undefined) this.#newest = waiter.older;
    else waiter.newer.older = waiter.older;
    this.#size--;
  }
}
