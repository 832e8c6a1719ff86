import { InvalidInputError, inRange } from "../errors.ts";
import { nearestRank } from "./nearest-rank.ts";

/** A latency distribution in microseconds, as reports show it. All zero when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly unit: "us";
}

/** Durations that a histogram does not tell apart, and how many there were. */
export interface LatencyBucket {
  /** Shortest whole nanosecond of the bucket. */
  readonly lowestNs: number;
  /** Longest one; within a thousandth of `lowestNs`, or equal to it. */
  readonly highestNs: number;
  /** Recorded durations, at least 1. */
  readonly count: number;
}

/**
 * Buckets by their number, each followed by how many durations it got: `number, count, number, count, ...`, shortest first. A count
 * beyond 32 bits takes several pairs.
 */
export type LatencyCounts = Uint32Array;

/** Longest duration a histogram tells apart: 1 h, in nanoseconds. Longer ones are recorded as that. */
export const HIGHEST_LATENCY_NS = 3_600_000_000_000;

// HdrHistogram's layout for three digits: single nanoseconds below 2,048, and 1,024 buckets to each doubling above.
// What `record` runs has these numbers written out: bundlers make variables of a module's constants, which V8 does not fold
// into its code, and the call took 3.5 ns instead of 2.1.
const DOUBLING = 1024;
const COUNTS = 33 * DOUBLING; // 33,792, up to 2^42 ns: the first power of two above 1 h
const GROUP_BITS = 7;
const GROUPS = COUNTS >> GROUP_BITS; // 264
const LARGEST = COUNTS + GROUPS; // 34,056
const MOST_IN_PAIR = 2 ** 32 - 1;

/**
 * Latencies from 1 ns to 1 h with three significant digits, in constant memory: 272 KB of addresses, of which the
 * system gives the pages that are used, 8 KB for each doubling that the durations spread over.
 *
 * The buckets are HdrHistogram's, and so are the percentiles, but none is above the maximum; `encodeHistogram` folds them into hdr-histogram-js for its
 * interchange format. Beside the count of each bucket there is a sum for every 128 of them, all in one typed array:
 *
 *     [ counts, 33,792         | sums, 264       | largest ]
 *       1 0 2 ... 0 0 0 ...      3 0 ...           9000        a percentile walks the sums, then at most 128 counts
 *
 * `record` adds one to a count and to its sum, and allocates nothing. Durations are rounded to whole nanoseconds; above 1 h
 * they count as 1 h, below 1 ns (a clock that did not tick) as 1 ns. Counts are exact up to 2^53.
 * Source: Gil Tene's HdrHistogram.
 *
 * @example
 * const latency = new LatencyHistogram();
 * const startedNs = clock.monotonicNs();
 * work();
 * latency.record(clock.monotonicNs() - startedNs);
 * console.log(latency.summary().p99, "us");
 */
export class LatencyHistogram {
  // Doubles rather than 32-bit integers: a bucket hit a million times a second would overflow those within 72 minutes.
  readonly #cells = new Float64Array(LARGEST + 1);
  readonly #counts = this.#cells.subarray(0, COUNTS);
  readonly #sums = this.#cells.subarray(COUNTS, LARGEST);

  /** Records one duration, in nanoseconds. @throws {InvalidInputError} When it is NaN: a start that was never taken. */
  record(elapsedNs: number): void {
    this.recordMany(elapsedNs, 1);
  }

  /** As `count` calls of `record`. `count` is a whole number from 1; not checked. Throws as `record`. */
  recordMany(elapsedNs: number, count: number): void {
    const index =
      elapsedNs >= 1 && elapsedNs < 2 ** 31 - 1 ? indexOfInt32((elapsedNs + 0.5) | 0) : indexOfRare(elapsedNs);
    const cells = this.#cells;
    (cells[index] as number) += count;
    (cells[33_792 + (index >>> 7)] as number) += count;
    if (elapsedNs > (cells[34_056] as number)) cells[34_056] = elapsedNs;
  }

  /** How many durations were recorded. */
  get count(): number {
    const sums = this.#sums;
    let count = 0;
    for (let i = 0; i < sums.length; i++) count += sums[i] as number;
    return count;
  }

  /** The longest duration recorded, in whole nanoseconds and exact; 0 when there is none. */
  get maxNs(): number {
    const largestNs = Math.round(this.#cells[LARGEST] as number);
    return this.count === 0 ? 0 : Math.max(1, Math.min(largestNs, HIGHEST_LATENCY_NS));
  }

  /**
   * Mean duration in nanoseconds, each taken as the middle of its bucket: off by at most 1 part in 2,000. 0 when there is none.
   */
  get meanNs(): number {
    let count = 0;
    let totalNs = 0;
    this.#visit((index, recorded) => {
      count += recorded;
      totalNs += recorded * middleNs(index);
    });
    return count === 0 ? 0 : totalNs / count;
  }

  /**
   * Nanoseconds that `percentile` percent of the durations do not exceed: the upper end of the bucket where they are reached,
   * or the maximum where that is less (for 0, the lower end of the first). 0 when nothing was recorded.
   *
   * @throws {InvalidInputError} When `percentile` is not from 0 to 100.
   */
  percentileNs(percentile: number): number {
    inRange("percentile", percentile, 0, 100);
    const count = this.count;
    if (count === 0) return 0;
    const index = this.#indexOfRank(nearestRank(percentile, count));
    return percentile === 0 ? lowestNs(index) : Math.min(highestNs(index), this.maxNs);
  }

  /**
   * How many durations were certainly no longer than `elapsedNs`: those whose bucket does not reach beyond it. Reads at most 264 sums and 128
   * counts and allocates nothing.
   *
   * @throws {InvalidInputError} When `elapsedNs` is not from 0 to 1 h.
   */
  countUpTo(elapsedNs: number): number {
    inRange("elapsedNs", elapsedNs, 0, HIGHEST_LATENCY_NS);
    const wholeNs = Math.floor(elapsedNs);
    if (wholeNs < 1) return 0;
    const last = wholeNs < 2 ** 31 - 1 ? indexOfInt32(wholeNs) : indexOfRare(wholeNs);
    const end = highestNs(last) > elapsedNs ? last : last + 1;
    let count = 0;
    let group = 0;
    for (; (group + 1) << GROUP_BITS <= end; group++) count += this.#sums[group] as number;
    for (let index = group << GROUP_BITS; index < end; index++) count += this.#counts[index] as number;
    return count;
  }

  /** Count, mean, percentiles and maximum in microseconds, rounded to the nanosecond. */
  summary(): LatencySummary {
    return {
      count: this.count,
      mean: Math.round(this.meanNs) / 1000,
      p50: this.percentileNs(50) / 1000,
      p90: this.percentileNs(90) / 1000,
      p99: this.percentileNs(99) / 1000,
      p999: this.percentileNs(99.9) / 1000,
      max: this.maxNs / 1000,
      unit: "us",
    };
  }

  /** The buckets that hold something, shortest first; at most 33,792. */
  buckets(): LatencyBucket[] {
    const buckets: LatencyBucket[] = [];
    this.#visit((index, count) => {
      buckets.push({ lowestNs: lowestNs(index), highestNs: highestNs(index), count });
    });
    return buckets;
  }

  /** Adds what `other` recorded, as if it had been recorded here. `other` stays as it is. */
  merge(other: LatencyHistogram): void {
    for (let group = 0; group < GROUPS; group++) {
      const added = other.#sums[group] as number;
      if (added === 0) continue;
      (this.#sums[group] as number) += added;
      const end = (group + 1) << GROUP_BITS;
      for (let i = group << GROUP_BITS; i < end; i++) (this.#counts[i] as number) += other.#counts[i] as number;
    }
    this.#cells[LARGEST] = Math.max(this.#cells[LARGEST] as number, other.#cells[LARGEST] as number);
  }

  /** What was recorded here and is not in `seen`, which is an earlier state of this histogram; brings `seen` up to the present. */
  catchUp(seen: LatencyHistogram): LatencyCounts {
    const cells = this.#cells;
    const old = seen.#cells;
    const pairs: number[] = [];
    for (let group = 0; group < GROUPS; group++) {
      if (cells[COUNTS + group] === old[COUNTS + group]) continue;
      old[COUNTS + group] = cells[COUNTS + group] as number;
      const end = (group + 1) << GROUP_BITS;
      for (let i = group << GROUP_BITS; i < end; i++) {
        const count = cells[i] as number;
        let more = count - (old[i] as number);
        if (more === 0) continue;
        old[i] = count;
        for (; more > 0; more -= MOST_IN_PAIR) pairs.push(i, Math.min(more, MOST_IN_PAIR));
      }
    }
    old[LARGEST] = cells[LARGEST] as number;
    return new Uint32Array(pairs);
  }

  /** Adds what `catchUp` gave. The maximum is then known to three digits: the upper end of its bucket. */
  add(counts: LatencyCounts): void {
    this.#shift(counts, 1);
    if (counts.length === 0) return;
    const highest = highestNs(counts[counts.length - 2] as number);
    if (highest > (this.#cells[LARGEST] as number)) this.#cells[LARGEST] = highest;
  }

  /** Takes off what `add` had added. The maximum as of `add`. */
  remove(counts: LatencyCounts): void {
    this.#shift(counts, -1);
    let group = GROUPS - 1;
    while (group >= 0 && this.#sums[group] === 0) group--;
    let index = ((group + 1) << GROUP_BITS) - 1;
    while (index >= 0 && this.#counts[index] === 0) index--;
    this.#cells[LARGEST] = index < 0 ? 0 : highestNs(index);
  }

  /** Forgets everything recorded. */
  reset(): void {
    // Only what was used: the rest is memory that the system has not given yet.
    for (let group = 0; group < GROUPS; group++) {
      if (this.#sums[group] !== 0) this.#counts.fill(0, group << GROUP_BITS, (group + 1) << GROUP_BITS);
    }
    this.#cells.fill(0, COUNTS);
  }

  #shift(counts: LatencyCounts, sign: 1 | -1): void {
    const cells = this.#cells;
    for (let i = 0; i < counts.length; i += 2) {
      const index = counts[i] as number;
      const count = sign * (counts[i + 1] as number);
      (cells[index] as number) += count;
      (cells[COUNTS + (index >> GROUP_BITS)] as number) += count;
    }
  }

  #visit(visitor: (index: number, count: number) => void): void {
    for (let group = 0; group < GROUPS; group++) {
      if (this.#sums[group] === 0) continue;
      const end = (group + 1) << GROUP_BITS;
      for (let i = group << GROUP_BITS; i < end; i++) {
        const count = this.#counts[i] as number;
        if (count > 0) visitor(i, count);
      }
    }
  }

  #indexOfRank(rank: number): number {
    const sums = this.#sums;
    const counts = this.#counts;
    let left = rank;
    let group = 0;
    for (; left > (sums[group] as number); group++) left -= sums[group] as number;
    let index = group << GROUP_BITS;
    for (; left > (counts[index] as number); index++) left -= counts[index] as number;
    return index;
  }
}

function indexOfInt32(wholeNs: number): number {
  const widthBits = 21 - Math.clz32(wholeNs | 1024);
  return (widthBits << 10) + (wholeNs >>> widthBits);
}

function indexOfRare(elapsedNs: number): number {
  if (Number.isNaN(elapsedNs)) throw new InvalidInputError("elapsedNs must be a number, got NaN: was its start taken?");
  if (elapsedNs < 1) return indexOfInt32(1);
  const wholeNs = Math.round(Math.min(elapsedNs, HIGHEST_LATENCY_NS));
  // Too long for 32-bit operations: 21 bits are taken off first, which no bucket there is fine enough to tell.
  return indexOfInt32(Math.floor(wholeNs / 2 ** 21)) + 21 * DOUBLING;
}

const widthBitsOf = (index: number): number => Math.max(0, (index >> 10) - 1);
const lowestNs = (index: number): number => (index - DOUBLING * widthBitsOf(index)) * widthNs(index);
/** Longest whole nanosecond of a bucket. */
export const highestNs = (index: number): number => lowestNs(index) + widthNs(index) - 1;
/** What a duration in a bucket counts as in a mean. */
export const middleNs = (index: number): number => lowestNs(index) + Math.floor(widthNs(index) / 2);
// Looked up: means and buckets ask for it thousands of times, and a power costs many times as much.
const WIDTHS_NS = Float64Array.from({ length: 32 }, (_, bits) => 2 ** bits);
const widthNs = (index: number): number => WIDTHS_NS[widthBitsOf(index)] as number;
