/** Weight of the newest answer in the mean: the last ten or so count. */
const NEWEST = 0.2;

/**
 * How long venues take to answer, as exponentially weighted means by venue name.
 *
 * It is fed with session times alone, from the moment an order was wanted to the moment its first report came in: a replay comes to the same
 * means. It holds one number a venue.
 *
 * @example
 * latencies.record("binance", 12_000_000);
 * latencies.ns("binance"); // 12000000
 */
export class VenueLatency {
  readonly #means = new Map<string, number>();

  /** A venue has answered. @param elapsedNs 0 or more. */
  record(venue: string, elapsedNs: number): void {
    const mean = this.#means.get(venue);
    this.#means.set(venue, mean === undefined ? elapsedNs : mean + NEWEST * (elapsedNs - mean));
  }

  /** The mean in nanoseconds; undefined before the first answer. */
  ns(venue: string): number | undefined {
    return this.#means.get(venue);
  }

  /** All means, by venue, in nanoseconds. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#means);
  }

  /** Takes over what `snapshot` gave, in place of all there is. */
  restore(means: Readonly<Record<string, number>>): void {
    this.#means.clear();
    for (const [venue, ns] of Object.entries(means)) this.#means.set(venue, ns);
  }
}
