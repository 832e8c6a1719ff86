import { SlidingWindow } from "@pitlane/perf/limit";

export interface OrderRateOptions {
  /** Most orders in any second; 0 for no limit. */
  readonly perSecond: number;
  /** Most orders in any minute; 0 for no limit. */
  readonly perMinute: number;
  /** Time of the session, microseconds since the epoch: the same in a run and its replay. */
  readonly nowUs: () => number;
}

/**
 * Counts approved orders in any second and any minute of the session's time. Asking whether one more fits counts nothing, so that an
 * order which another voter denies takes no place. After a restart it begins anew.
 */
export class OrderRate {
  readonly #windows: readonly { readonly window: SlidingWindow; readonly limit: string }[];

  constructor({ perSecond, perMinute, nowUs }: OrderRateOptions) {
    const originUs = nowUs();
    // From the start of the session: nanoseconds since the epoch are beyond what a double holds exactly.
    const clock = { monotonicNs: () => (nowUs() - originUs) * 1000 };
    const windowOf = (limit: number, windowMs: number, unit: string) =>
      limit === 0
        ? []
        : [{ window: new SlidingWindow({ limit, windowMs, clock }), limit: `${limit} orders a ${unit}` }];
    this.#windows = [...windowOf(perSecond, 1000, "second"), ...windowOf(perMinute, 60_000, "minute")];
  }

  /** The limit that one more order would pass; undefined when it fits. */
  passed(): string | undefined {
    for (let i = 0; i < this.#windows.length; i++) {
      const { window, limit } = this.#windows[i]!;
      if (window.waitMs() > 0) return limit;
    }
    return undefined;
  }

  /** An order was approved. */
  count(): void {
    for (let i = 0; i < this.#windows.length; i++) this.#windows[i]!.window.tryTake();
  }
}
