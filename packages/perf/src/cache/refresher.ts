import type { Clock } from "../clock.ts";
import type { CacheFault } from "./errors.ts";

const REST_MS = 200; // after a failure: a source in trouble is not asked at the rate of the readers

/** Refreshes keys in the background, one refresh per key at a time. One that fails is reported, and its key rests for 200 ms. */
export class Refresher {
  readonly #clock: Pick<Clock, "sleep">;
  readonly #onError: (fault: CacheFault) => void;
  readonly #closed: AbortSignal;
  readonly #keys = new Set<string>(); // under way or resting

  constructor(clock: Pick<Clock, "sleep">, onError: (fault: CacheFault) => void, closed: AbortSignal) {
    this.#clock = clock;
    this.#onError = onError;
    this.#closed = closed;
  }

  /** Calls `refresh`, unless one of `key` is under way or the key rests. */
  start(key: string, refresh: (closed: AbortSignal) => Promise<unknown>): void {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    void this.#run(key, refresh).finally(() => this.#keys.delete(key));
  }

  async #run(key: string, refresh: (closed: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await refresh(this.#closed);
    } catch (error) {
      if (this.#closed.aborted) return;
      this.#onError({ operation: "refresh", at: "loader", key, error });
      await this.#clock.sleep(REST_MS, this.#closed).catch(() => undefined); // rejects only on close: nothing to wait for
    }
  }
}
