import { type Clock, inRange } from "@pitlane/perf";

/** When something last came over a channel. Whoever reads the channel writes it: no call per message. */
export interface Heard {
  /** On the monotonic clock. */
  heardNs: number;
}

export interface WatchdogOptions<T> {
  /**
   * A channel brought nothing for its limit. Called again after each further limit, with the number of the time: 1, 2, ...; the
   * count begins anew when something came.
   */
  readonly onStale: (subject: T, ageMs: number, times: number) => void;
  readonly clock: Pick<Clock, "monotonicNs">;
}

interface Entry<T> {
  readonly subject: T;
  readonly limitMs: number;
  readonly heard: Heard;
  times: number;
  seenNs: number; // `heardNs` when it was found stale
}

/**
 * Notices channels that fell silent while their socket lives: a socket that answers pings may bring no data. Each channel has a
 * limit of its own; one that may be quiet is not watched.
 *
 * It owns no timer: `check` is called about ten times a second, and costs a subtraction for each channel.
 *
 * @example
 * const watchdog = new Watchdog<string>({ onStale: (name) => subscriptions.refresh([name]), clock });
 * const trades = { heardNs: 0 };
 * watchdog.watch("btcusdt@trade", 30_000, trades);
 * trades.heardNs = receivedNs; // for each message
 */
export class Watchdog<T> {
  readonly #onStale: WatchdogOptions<T>["onStale"];
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #entries = new Map<Heard, Entry<T>>();

  constructor({ onStale, clock }: WatchdogOptions<T>) {
    this.#onStale = onStale;
    this.#clock = clock;
  }

  /**
   * Watches a channel, whose age counts from now on.
   * @param limitMs - 10 to 86,400,000.
   * @throws {InvalidInputError} When `limitMs` is out of range.
   */
  watch(subject: T, limitMs: number, heard: Heard): void {
    inRange("limitMs", limitMs, 10, 86_400_000);
    heard.heardNs = this.#clock.monotonicNs();
    this.#entries.set(heard, { subject, limitMs, heard, times: 0, seenNs: 0 });
  }

  /** Watches it no more. */
  unwatch(heard: Heard): void {
    this.#entries.delete(heard);
  }

  /** Calls `onStale` for every channel that is. */
  check(): void {
    const nowNs = this.#clock.monotonicNs();
    for (const entry of this.#entries.values()) {
      const { subject, limitMs, heard } = entry;
      const { heardNs } = heard;
      if (entry.times > 0 && heardNs !== entry.seenNs) entry.times = 0;
      const ageNs = nowNs - heardNs;
      if (ageNs < limitMs * 1e6 * (entry.times + 1)) continue;
      entry.times++;
      entry.seenNs = heardNs;
      this.#onStale(subject, ageNs / 1e6, entry.times);
    }
  }
}
