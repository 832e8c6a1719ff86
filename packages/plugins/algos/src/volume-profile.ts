/** A day of UTC in microseconds. */
const DAY_US = 86_400_000_000;
/** Buckets of a day: 5 minutes each. */
const BUCKETS = 288;
const BUCKET_US = DAY_US / BUCKETS;

/** A profile as snapshots keep it: bucket and lots. */
export type ProfileRecord = readonly (readonly [number, number])[];

/**
 * What was traded of one instrument by time of day, in 288 buckets of five minutes (UTC): the volumes of all days heard are added up.
 *
 * @example
 * profile.add(trade.venueAtUs, trade.sizeLots);
 * profile.weights(ctx.nowUs(), 3_600_000_000, 12); // weights of 12 slices of the coming hour
 */
export class VolumeProfile {
  readonly #lots = new Float64Array(BUCKETS);

  add(atUs: number, sizeLots: number): void {
    const bucket = Math.floor((atUs % DAY_US) / BUCKET_US);
    this.#lots[bucket] = (this.#lots[bucket] ?? 0) + sizeLots;
  }

  /**
   * Whole weights of `count` slices of equal time from `fromUs` on: the volume that each slice's times of day have had. A bucket in which
   * nothing was heard counts as the mean of the others; all are 1 when nothing was heard at all.
   */
  weights(fromUs: number, durationUs: number, count: number): readonly number[] {
    const known = this.#lots.filter((lots) => lots > 0);
    if (known.length === 0) return new Array<number>(count).fill(1);
    const mean = known.reduce((sum, lots) => sum + lots, 0) / known.length;
    const sliceUs = durationUs / count;
    return Array.from({ length: count }, (_, i) => {
      const lots = this.#between(fromUs + i * sliceUs, fromUs + (i + 1) * sliceUs, mean);
      return Math.max(1, Math.round((lots / mean) * 10_000)); // relative to a mean bucket: whole, and far below 2^53
    });
  }

  record(): ProfileRecord {
    return Array.from(this.#lots, (lots, bucket) => [bucket, lots] as const).filter(([, lots]) => lots > 0);
  }

  restore(record: ProfileRecord): void {
    this.#lots.fill(0);
    for (const [bucket, lots] of record) this.#lots[bucket] = lots;
  }

  #between(fromUs: number, untilUs: number, mean: number): number {
    let sum = 0;
    for (let atUs = fromUs; atUs < untilUs; ) {
      const endUs = Math.min(untilUs, (Math.floor(atUs / BUCKET_US) + 1) * BUCKET_US);
      const lots = this.#lots[Math.floor((atUs % DAY_US) / BUCKET_US)] ?? 0;
      sum += ((lots > 0 ? lots : mean) * (endUs - atUs)) / BUCKET_US;
      atUs = endUs;
    }
    return sum;
  }
}
