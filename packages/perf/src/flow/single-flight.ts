import { abortable } from "./abortable.ts";

interface Flight<V> {
  readonly result: Promise<V>;
  /** Absent when the first caller cannot abort: then nobody can abort the call. */
  readonly controller: AbortController | undefined;
  /** Callers still waiting; Infinity once one of them cannot abort. */
  waiting: number;
}

/**
 * Makes one call per key at a time: callers that come while it runs get its result.
 *
 * Each caller waits under its own signal. Aborting one leaves the rest; when all have aborted, so is the call, and the next
 * caller starts a new one. Nothing is kept after a call has ended, so the map holds no more keys than calls are running.
 * Every caller gets the same value, not a copy. A call must not wait for its own key.
 *
 * @example
 * const loads = new SingleFlight<string, Balance>();
 * const balance = await loads.run(account, (signal) => fetchBalance(account, signal), signal);
 */
export class SingleFlight<K, V> {
  readonly #flights = new Map<K, Flight<V>>();

  /** Keys with a call running that new callers would join. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the running call of `key`, or begins one by `call`. `call` gets a signal that aborts when nobody waits any more;
   * undefined when its first caller gave none.
   *
   * @throws What `call` throws, now or later, to every caller; the signal's reason to the one that aborted.
   */
  run(key: K, call: (signal: AbortSignal | undefined) => Promise<V>, signal?: AbortSignal): Promise<V> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      try {
        flight = this.#begin(key, call, signal);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (signal !== undefined) return this.#join(key, flight, signal);
    flight.waiting = Number.POSITIVE_INFINITY;
    return flight.result;
  }

  /** Makes the next caller of `key` begin a new call; those already waiting keep theirs. */
  forget(key: K): void {
    this.#flights.delete(key);
  }

  #begin(key: K, call: (signal: AbortSignal | undefined) => Promise<V>, signal: AbortSignal | undefined): Flight<V> {
    const controller = signal && new AbortController();
    const called = call(controller?.signal);
    // Ended before any caller hears of it: one that calls again at once gets a new call.
    const result = called.then(
      (value) => {
        this.#end(key, flight);
        return value;
      },
      (error: unknown) => {
        this.#end(key, flight);
        throw error;
      },
    );
    const flight: Flight<V> = { result, controller, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #join(key: K, flight: Flight<V>, signal: AbortSignal): Promise<V> {
    flight.waiting++;
    try {
      return await abortable(flight.result, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0 && signal.aborted) {
        this.#end(key, flight);
        flight.controller?.abort(signal.reason);
      }
    }
  }

  #end(key: K, flight: Flight<V>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
