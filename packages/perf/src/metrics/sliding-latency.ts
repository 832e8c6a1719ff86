import { inRange } from "../errors.ts";
import { highestNs, type LatencyCounts, LatencyHistogram, middleNs } from "./latency-histogram.ts";
import { nearestRank } from "./nearest-rank.ts";

/** A latency distribution in microseconds. All zero when nothing was recorded: look at `count`. */
export interface LatencyFigures {
  readonly count: number;
  /** Not rounded: `mean * count` is a sum that never falls. */
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** One distribution over three spans. */
export interface LatencySpans {
  /** Since the look before. */
  readonly now: LatencyFigures;
  /** The last 60 s, or the window that was asked for instead. */
  readonly minute: LatencyFigures;
  /** Since the start. */
  readonly total: LatencyFigures;
}

/** What came between two calls of `roll`. */
interface Piece {
  readonly startNs: number;
  readonly counts: LatencyCounts;
  readonly tally: Tally;
}

interface Tally {
  readonly count: number;
  /** Each duration as the middle of its bucket. */
  readonly sumNs: number;
}

const NOTHING: LatencyFigures = Object.freeze({ count: 0, mean: 0, p50: 0, p95: 0, p99: 0, p999: 0, max: 0 });
const MOST_PIECES = 256;

/**
 * What a histogram got since the last look, in the last minute and in all, without a word from whoever records: each look takes the
 * difference to the one before.
 *
 *     recorded -> | total |  -  | seen |  =  piece ---> now
 *                                              + minute, and - from it when it is too old
 *
 * So a value is recorded once, at the cost of one histogram alone, and a look costs the buckets that were hit since then. The window holds
 * whole pieces that began within it: looked at once a second it covers the last 59 to 60 s. Pieces beyond 256 make it shorter.
 * All figures are exact to the histogram's three digits, the maxima of `now` and `minute` too.
 *
 * @example
 * const latency = new LatencyHistogram();
 * const sliding = new SlidingLatency(latency, clock.monotonicNs());
 * // latency.record(...) on the hot path; then, once a second:
 * const { now, minute } = sliding.roll(clock.monotonicNs());
 */
export class SlidingLatency {
  readonly #total: LatencyHistogram;
  readonly #seen = new LatencyHistogram();
  readonly #window = new LatencyHistogram();
  readonly #windowNs: number;
  readonly #pieces: Piece[] = [];
  // Sums are kept up rather than taken anew: a mean would look at every bucket there is.
  readonly #ofTotal = { count: 0, sumNs: 0 };
  readonly #ofWindow = { count: 0, sumNs: 0 };
  #rolledNs: number;
  #spans: LatencySpans = { now: NOTHING, minute: NOTHING, total: NOTHING };

  /**
   * @param total Recorded into by others. What it holds already is in `total` alone.
   * @param nowNs Monotonic.
   * @param windowMs 1 to 3,600,000. Default 60,000.
   * @throws {InvalidInputError} When `windowMs` is out of range.
   */
  constructor(total: LatencyHistogram, nowNs: number, windowMs = 60_000) {
    this.#windowNs = inRange("windowMs", windowMs, 1, 3_600_000) * 1e6;
    this.#total = total;
    this.#rolledNs = nowNs;
    shift(this.#ofTotal, tallyOf(total.catchUp(this.#seen)), 1);
    if (this.#ofTotal.count > 0) this.#spans = { ...this.#spans, total: this.#figuresOfTotal() };
  }

  /** The figures now. `now` begins anew with each call, so it has one reader. @param nowNs Monotonic. */
  roll(nowNs: number): LatencySpans {
    const counts = this.#total.catchUp(this.#seen);
    const hasLeft = this.#forget(nowNs);
    if (counts.length > 0) {
      const tally = tallyOf(counts);
      if (this.#pieces.length === MOST_PIECES) this.#forgetOldest();
      this.#pieces.push({ startNs: this.#rolledNs, counts, tally });
      this.#window.add(counts);
      shift(this.#ofWindow, tally, 1);
      shift(this.#ofTotal, tally, 1);
      const now = figures(tally, this.#total.maxNs, (percentile) => percentileOf(counts, percentile, tally.count));
      this.#spans = { now, minute: this.#figuresOfWindow(), total: this.#figuresOfTotal() };
    } else if (hasLeft || this.#spans.now.count > 0) {
      // Spans in which nothing has changed keep the figures they had.
      const { minute, total } = this.#spans;
      this.#spans = { now: NOTHING, minute: hasLeft ? this.#figuresOfWindow() : minute, total };
    }
    this.#rolledNs = nowNs;
    return this.#spans;
  }

  #figuresOfTotal(): LatencyFigures {
    return figures(this.#ofTotal, this.#total.maxNs, (percentile) => this.#total.percentileNs(percentile));
  }

  #figuresOfWindow(): LatencyFigures {
    return figures(this.#ofWindow, this.#total.maxNs, (percentile) => this.#window.percentileNs(percentile));
  }

  /** Takes out what began before the window; true when that was anything. */
  #forget(nowNs: number): boolean {
    const fromNs = nowNs - this.#windowNs;
    const before = this.#pieces.length;
    while (this.#pieces.length > 0 && this.#pieces[0]!.startNs < fromNs) this.#forgetOldest();
    return this.#pieces.length < before;
  }

  #forgetOldest(): void {
    const oldest = this.#pieces.shift();
    if (oldest === undefined) return;
    this.#window.remove(oldest.counts);
    shift(this.#ofWindow, oldest.tally, -1);
  }
}

/** @param longestNs There can be none longer: upper ends of buckets are. */
function figures(
  { count, sumNs }: Tally,
  longestNs: number,
  percentileNs: (percentile: number) => number,
): LatencyFigures {
  if (count === 0) return NOTHING;
  const at = (percentile: number) => Math.min(percentileNs(percentile), longestNs) / 1000;
  return {
    count,
    mean: Math.min(sumNs / count, longestNs) / 1000,
    p50: at(50),
    p95: at(95),
    p99: at(99),
    p999: at(99.9),
    max: at(100),
  };
}

/** As `LatencyHistogram.percentileNs`, of at least one pair. */
function percentileOf(counts: LatencyCounts, percentile: number, count: number): number {
  let left = nearestRank(percentile, count);
  let i = 0;
  for (; left > counts[i + 1]!; i += 2) left -= counts[i + 1]!;
  return highestNs(counts[i]!);
}

function tallyOf(counts: LatencyCounts): Tally {
  let count = 0;
  let sumNs = 0;
  for (let i = 0; i < counts.length; i += 2) {
    const more = counts[i + 1]!;
    count += more;
    sumNs += more * middleNs(counts[i]!);
  }
  return { count, sumNs };
}

function shift(sums: { -readonly [K in keyof Tally]: Tally[K] }, { count, sumNs }: Tally, sign: 1 | -1): void {
  sums.count += sign * count;
  sums.sumNs += sign * sumNs;
}
