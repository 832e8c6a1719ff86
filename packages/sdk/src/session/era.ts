import { Semaphore, SingleFlight } from "@pitlane/perf/flow";

/** The renewals and logins of a session manager, one at a time, up to the `clear`, `use` or `close` that puts an end to them. */
export class Era<S> {
  readonly stop = new AbortController();
  readonly #flights = new SingleFlight<"renew" | "login", S>();
  readonly #gate = new Semaphore({ permits: 1 });

  get isRenewing(): boolean {
    return this.#flights.size > 0;
  }

  /** Joins the running work of this kind, or begins it once the other kind is done. `signal` ends the wait alone. */
  join(kind: "renew" | "login", work: () => Promise<S>, signal: AbortSignal | undefined): Promise<S> {
    const call = () => this.#untilEnd(this.#gate.use(work));
    // First without a signal, so that no caller's abort ends what may have rotated the token already.
    const all = this.#flights.run(kind, call);
    if (signal === undefined) return all;
    all.catch(() => {}); // told to those who wait
    return this.#flights.run(kind, call, signal);
  }

  /** Settles as `work` does, or as the era ends, which work that does not heed its signal outlives. */
  #untilEnd(work: Promise<S>): Promise<S> {
    const { signal } = this.stop;
    return new Promise((resolve, reject) => {
      const onEnd = () => reject(signal.reason);
      signal.addEventListener("abort", onEnd, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onEnd));
    });
  }
}
