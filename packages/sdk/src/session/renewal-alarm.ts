import type { Clock } from "@pitlane/perf";

export interface RenewalAlarmOptions {
  /** Milliseconds until a renewal is due; 0 or below when it is, Infinity when none will be. */
  readonly dueInMs: () => number;
  /** Renews; never rejects. A renewal that succeeds sets the alarm anew. */
  readonly renew: () => Promise<unknown>;
  readonly clock: Pick<Clock, "sleep">;
}

const LONGEST_NAP_MS = 30_000; // wall time may step, or the host sleep, under a longer one

/** Renews a session by a timer, from `set` until the next `set` or `stop`, or until none will be due. */
export class RenewalAlarm {
  readonly #options: RenewalAlarmOptions;
  #stop = new AbortController();

  constructor(options: RenewalAlarmOptions) {
    this.#options = options;
  }

  set(): void {
    this.stop();
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { dueInMs, renew, clock } = this.#options;
    while (!signal.aborted) {
      const napMs = dueInMs();
      if (napMs === Number.POSITIVE_INFINITY) return;
      if (napMs <= 0) await renew();
      else await clock.sleep(Math.min(napMs, LONGEST_NAP_MS), signal).catch(() => {}); // the loop asks the signal
    }
  }
}
