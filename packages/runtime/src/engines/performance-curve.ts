import { integerInRange } from "@pitlane/perf";

const LONGEST_US = 366 * 86_400_000_000;

export interface EquityCurveOptions {
  /** Most points kept beside the first, even, 16 to 1,000,000. Default 10,000. */
  readonly capacity?: number;
  /** Time between two points to begin with, in microseconds; 1 to 31,622,400,000,000, which is 366 days. Default 1,000,000. */
  readonly intervalUs?: number;
  /** What returns are taken over, in microseconds; as `intervalUs`. Default the time between two points. */
  readonly periodUs?: number;
}

/** An `EquityCurve` as snapshots keep it. */
export interface EquityCurveRecord {
  readonly startUs: number;
  readonly intervalUs: number;
  readonly lastUs: number;
  /** The value that it began with; not kept by the first versions. */
  readonly first?: number;
  /** Of the stretches after that. */
  readonly points: readonly number[];
  readonly peak: number;
  readonly peakAtUs: number;
  readonly maxDrawdown: number;
  readonly maxDrawdownShare: number;
  readonly longestUnderUs: number;
}

/**
 * Equity over time in bounded memory: the first value, then one point for each stretch of equal length, the last value of that stretch.
 *
 *     startUs      +1 interval    +2             +3
 *        a     b  c  |      (none)   |  d     e     |     values as they come
 *        a           c               c              e     points: the last value until that moment, the moment itself included
 *
 * When there are `capacity` stretches, every second point is dropped and stretches are twice as long from then on: any length of time
 * fits and no point is made up. Drawdowns are taken from every value that is pushed, so thinning the curve does not hide one. Amounts are
 * floats in the asset's smallest unit: for statistics and pictures, never for accounts. A push allocates nothing.
 *
 * @example
 * const curve = new EquityCurve();
 * curve.push(nowUs, Number(equityUnits));
 * for (let i = 0; i < curve.length; i++) draw(curve.atUs(i), curve.at(i));
 */
export class EquityCurve {
  readonly #points: Float64Array;
  readonly #periodUs: number;
  #intervalUs: number;
  #length = 0;
  #startUs = 0;
  #lastUs = 0; // of the last value
  #endUs = 0; // of the last stretch
  #last = 0;
  #peak = 0;
  #peakAtUs = 0;
  #maxDrawdown = 0;
  #maxDrawdownShare = 0;
  #longestUnderUs = 0;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor({ capacity = 10_000, intervalUs = 1_000_000, periodUs = 1 }: EquityCurveOptions = {}) {
    this.#points = new Float64Array(1 + 2 * Math.ceil(integerInRange("capacity", capacity, 16, 1_000_000) / 2));
    this.#intervalUs = integerInRange("intervalUs", intervalUs, 1, LONGEST_US);
    this.#periodUs = integerInRange("periodUs", periodUs, 1, LONGEST_US);
  }

  /** How many points there are. */
  get length(): number {
    return this.#length;
  }

  /** Length of a stretch now, in microseconds. */
  get intervalUs(): number {
    return this.#intervalUs;
  }

  /** Points that a period is long: returns are taken from each such one to the next. */
  get pointsInPeriod(): number {
    return Math.max(1, Math.ceil(this.#periodUs / this.#intervalUs));
  }

  /** When the first value came, microseconds since the epoch; 0 before it. */
  get startUs(): number {
    return this.#startUs;
  }

  /** When the last value came. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** Highest value so far. */
  get peakUnits(): number {
    return this.#peak;
  }

  /** Largest fall from a highest value so far. */
  get maxDrawdownUnits(): number {
    return this.#maxDrawdown;
  }

  /** Largest fall as a share of the highest value it fell from, where that was above 0; 0 to 1 unless equity went below 0. */
  get maxDrawdownShare(): number {
    return this.#maxDrawdownShare;
  }

  /** A value from here to below `peakUnits` makes no new extreme. */
  get quietUnits(): number {
    return this.#peak - Math.min(this.#maxDrawdown, this.#maxDrawdownShare * Math.max(0, this.#peak));
  }

  /** Until when the present stretch goes; of the values in it the last one stays. */
  get stretchEndUs(): number {
    return this.#length < 2 ? this.#lastUs : this.#endUs;
  }

  /** Longest time below a highest value so far, the present one included. */
  get longestDrawdownUs(): number {
    return Math.max(this.#longestUnderUs, this.#last < this.#peak ? this.#lastUs - this.#peakAtUs : 0);
  }

  /** Value of point `index`, 0 to `length` - 1. @throws {RangeError} For any other index. */
  at(index: number): number {
    this.#check(index);
    return this.#points[index]!;
  }

  /** The moment of point `index`: the start, the end of its stretch, or of the last value. @throws {RangeError} As `at`. */
  atUs(index: number): number {
    this.#check(index);
    return Math.min(this.#startUs + index * this.#intervalUs, this.#lastUs);
  }

  /**
   * Takes the value at a moment.
   *
   * @param atUs Microseconds since the epoch; one before the last value's counts as that moment.
   */
  push(atUs: number, equityUnits: number): void {
    if (atUs > this.#endUs || this.#length < 2) this.#open(atUs, equityUnits);
    this.#points[this.#length - 1] = equityUnits;
    if (atUs > this.#lastUs) this.#lastUs = atUs;
    if (equityUnits >= this.#peak) {
      const underUs = this.#lastUs - this.#peakAtUs;
      if (this.#last < this.#peak && underUs > this.#longestUnderUs) this.#longestUnderUs = underUs;
      this.#peak = equityUnits;
      this.#peakAtUs = this.#lastUs;
    } else {
      const drawdown = this.#peak - equityUnits;
      if (drawdown > this.#maxDrawdown) this.#maxDrawdown = drawdown;
      if (drawdown > this.#maxDrawdownShare * this.#peak && this.#peak > 0)
        this.#maxDrawdownShare = drawdown / this.#peak;
    }
    this.#last = equityUnits;
  }

  record(): EquityCurveRecord {
    return {
      startUs: this.#startUs,
      intervalUs: this.#intervalUs,
      lastUs: this.#lastUs,
      ...(this.#length > 0 && { first: this.#points[0]! }),
      points: [...this.#points.subarray(1, this.#length)],
      peak: this.#peak,
      peakAtUs: this.#peakAtUs,
      maxDrawdown: this.#maxDrawdown,
      maxDrawdownShare: this.#maxDrawdownShare,
      longestUnderUs: this.#longestUnderUs,
    };
  }

  /** Takes over what was recorded, in place of all that was pushed. A record with more points than fit is thinned. */
  restore(record: EquityCurveRecord): void {
    this.#startUs = record.startUs;
    this.#intervalUs = record.intervalUs;
    this.#lastUs = record.lastUs;
    this.#peak = record.peak;
    this.#peakAtUs = record.peakAtUs;
    this.#maxDrawdown = record.maxDrawdown;
    this.#maxDrawdownShare = record.maxDrawdownShare;
    this.#longestUnderUs = record.longestUnderUs;
    let { points } = record;
    const first = record.first ?? points[0];
    this.#last = points.at(-1) ?? first ?? 0;
    while (points.length >= this.#points.length) {
      points = points.filter((_, index) => index % 2 === 1 || index === points.length - 1);
      this.#intervalUs *= 2;
    }
    this.#points[0] = first ?? 0;
    this.#points.set(points, 1);
    this.#length = first === undefined ? 0 : points.length + 1;
    this.#endUs = this.#startUs + points.length * this.#intervalUs;
  }

  /** Opens the stretch that `atUs` is in; those nothing came in have the value before them. */
  #open(atUs: number, equityUnits: number): void {
    if (this.#length === 0) {
      this.#startUs = atUs;
      this.#lastUs = atUs;
      this.#endUs = atUs;
      this.#last = equityUnits;
      this.#peak = equityUnits;
      this.#peakAtUs = atUs;
      this.#length = 1;
      return;
    }
    while (atUs > this.#endUs || this.#length < 2) {
      if (this.#length === this.#points.length) this.#thin();
      else {
        this.#points[this.#length++] = this.#last;
        this.#endUs += this.#intervalUs;
      }
    }
  }

  // The number of stretches is even here, so the last one ends where it did.
  #thin(): void {
    const kept = (this.#length + 1) / 2;
    for (let index = 1; index < kept; index++) this.#points[index] = this.#points[2 * index]!;
    this.#length = kept;
    this.#intervalUs *= 2;
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.#length)
      throw new RangeError(`point ${index} of a curve of ${this.#length}`);
  }
}
