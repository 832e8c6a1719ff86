import { InvalidInputError, integerInRange } from "../errors.ts";

const MOST_BOUNDS = 1_000;

/** What a histogram holds at one moment. */
export interface HistogramReading {
  /** Values in each bucket, not cumulative: one a bound, then those above the last bound. */
  readonly counts: readonly number[];
  /** Sum of all values. */
  readonly sum: number;
  /** Number of all values. */
  readonly count: number;
}

/**
 * Counts values into buckets of fixed upper bounds, as Prometheus histograms do: these can be added up over processes.
 *
 * `observe` is a binary search and two additions in typed arrays; it allocates nothing. For exact percentiles of one
 * process use `LatencyHistogram`.
 *
 *     bounds   0.001   0.01   0.1
 *     counts [ 4     , 17   , 2  , 1 ]  sum      a value equal to a bound belongs below it
 *
 * @example
 * const seconds = new Histogram(decadeBounds(-6, 0));
 * seconds.observe(0.0023);
 * seconds.read().count; // 1
 */
export class Histogram {
  /** Upper bounds, rising; the last bucket, without a bound, is not listed. */
  readonly bounds: readonly number[];
  readonly #bounds: Float64Array;
  readonly #cells: Float64Array; // counts, then the sum

  /**
   * @param bounds Upper bounds of the buckets: 1 to 1,000 finite numbers, each above the one before.
   * @throws {InvalidInputError} When `bounds` are not such.
   */
  constructor(bounds: readonly number[]) {
    this.bounds = checkBounds(bounds);
    this.#bounds = Float64Array.from(bounds);
    this.#cells = new Float64Array(bounds.length + 2);
  }

  /** Counts `value`. @throws {InvalidInputError} When it is not a finite number. */
  observe(value: number): void {
    if (!Number.isFinite(value)) throw refused(value);
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (bounds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    const cells = this.#cells;
    (cells[low] as number) += 1;
    (cells[cells.length - 1] as number) += value;
  }

  /** A copy of what is counted so far. */
  read(): HistogramReading {
    const last = this.#cells.length - 1;
    const counts = Array.from(this.#cells.subarray(0, last));
    return { counts, sum: this.#cells[last] as number, count: counts.reduce((total, count) => total + count, 0) };
  }
}

/**
 * Log-linear bounds: `steps` times each power of ten from `10^first` to `10^last`.
 *
 * Every bucket is then about the same factor wide, which suits latencies: `decadeBounds(-6, 0)` reaches from 1 µs to 5 s.
 *
 * @param first Exponent of the lowest decade, -300 to 300.
 * @param last Exponent of the highest decade, `first` to 300.
 * @param steps Rising factors from 1 to below 10.
 * @throws {InvalidInputError} When an exponent is out of range, or the bounds would not rise.
 * @example
 * decadeBounds(0, 1); // [1, 2, 5, 10, 20, 50]
 */
export function decadeBounds(first: number, last: number, steps: readonly number[] = [1, 2, 5]): number[] {
  integerInRange("first", first, -300, 300);
  integerInRange("last", last, first, 300);
  const bounds: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    // By decimal text, since 5 * 10 ** -6 is not the double that "5e-6" is.
    for (const step of steps) bounds.push(Number(`${step}e${exponent}`));
  }
  checkBounds(bounds);
  return bounds;
}

function checkBounds(bounds: readonly number[]): readonly number[] {
  const isRising = bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > (bounds[i - 1] as number)));
  if (bounds.length === 0 || bounds.length > MOST_BOUNDS || !isRising)
    throw new InvalidInputError(`bounds must be 1 to ${MOST_BOUNDS} finite numbers, each above the one before`);
  return Object.freeze([...bounds]);
}

function refused(value: unknown): InvalidInputError {
  return new InvalidInputError(`a histogram takes a finite number, got ${String(value)}`);
}
