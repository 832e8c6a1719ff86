import type { Rate } from "./sample.ts";

const LEAST_PEAK_MS = 500; // a shorter time says little of a rate

/** Makes rates of a count that only grows, looked at now and then. What it was at first is not counted. */
export class RateOf {
  readonly #first: number;
  #last: number;
  #peak = 0;

  constructor(count: number) {
    this.#first = count;
    this.#last = count;
  }

  /** @param periodMs Since the look before. @param uptimeMs Since the start. */
  look(count: number, periodMs: number, uptimeMs: number): Rate {
    const now = periodMs > 0 ? ((count - this.#last) * 1000) / periodMs : 0;
    this.#last = count;
    if (periodMs >= LEAST_PEAK_MS && now > this.#peak) this.#peak = now;
    const since = count - this.#first;
    return {
      count: since,
      nowPerSecond: now,
      averagePerSecond: uptimeMs > 0 ? (since * 1000) / uptimeMs : 0,
      peakPerSecond: this.#peak,
    };
  }
}

/** Share that one growing count had in another over the last minute. */
export class ShareOfMinute {
  readonly #looks: { readonly atNs: number; readonly part: number; readonly whole: number }[];

  constructor(part: number, whole: number, nowNs: number) {
    this.#looks = [{ atNs: nowNs, part, whole }];
  }

  /**
   * Looks at the counts now. Looked at once a second it holds 61 of them.
   *
   * @param extra Counted to the part now and not kept. @returns 0 to 1; 0 when the whole has not grown.
   */
  look(part: number, whole: number, nowNs: number, extra = 0): number {
    const looks = this.#looks;
    looks.push({ atNs: nowNs, part, whole });
    while (looks.length > 2 && looks[1]!.atNs <= nowNs - 60e9) looks.shift();
    const first = looks[0]!;
    const grown = whole - first.whole;
    return grown <= 0 ? 0 : Math.min(1, Math.max(0, part - first.part + extra) / grown);
  }
}
