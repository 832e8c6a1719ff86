/** One caller that waits, linked to its neighbours. */
interface Waiter {
  readonly resolve: () => void;
  /** Stops listening to its signal; absent without one. */
  detach: (() => void) | undefined;
  older: Waiter | undefined;
  newer: Waiter | undefined;
}

/**
 * Callers that wait, woken in the order they came. Any of them may leave in between by its signal.
 *
 * A linked list, because leaving from the middle must not cost the length of the queue: one abort of a parent signal can
 * make ten thousand leave at once. Bounded by whoever calls `wait`.
 */
export class WaiterQueue {
  #oldest: Waiter | undefined;
  #newest: Waiter | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Resolves when woken. @throws The signal's reason when it aborts first; the caller is then no longer in the queue. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const waiter: Waiter = { resolve, detach: undefined, older: this.#newest, newer: undefined };
      if (this.#newest === undefined) this.#oldest = waiter;
      else this.#newest.newer = waiter;
      this.#newest = waiter;
      this.#size++;
      if (signal !== undefined) this.#leaveOnAbort(waiter, signal, reject);
    });
  }

  /** Wakes who waits longest; false when nobody waits. */
  wakeOldest(): boolean {
    const waiter = this.#oldest;
    if (waiter === undefined) return false;
    this.#remove(waiter);
    waiter.detach?.();
    waiter.resolve();
    return true;
  }

  #leaveOnAbort(waiter: Waiter, signal: AbortSignal, reject: (reason: unknown) => void): void {
    const onAbort = () => {
      this.#remove(waiter);
      reject(signal.reason);
    };
    waiter.detach = () => signal.removeEventListener("abort", onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
  }

  #remove(waiter: Waiter): void {
    if (waiter.older === undefined) this.#oldest = waiter.newer;
    else waiter.older.newer = waiter.newer;
    if (waiter.newer === undefined) this.#newest = waiter.older;
    else waiter.newer.older = waiter.older;
    this.#size--;
  }
}
