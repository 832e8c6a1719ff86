const DAY_US = 86_400_000_000;

/** An `EquityTracker` as snapshots keep it; amounts in decimal digits of their bigint. */
export interface EquityRecord {
  readonly equity: string;
  readonly peak: string;
  readonly maxDrawdown: string;
  readonly dayOpen: string;
  /** Whole days since the epoch (UTC) of the last update. */
  readonly day: number;
}

/**
 * Follows what a portfolio is worth: its highest value so far, how far it is below that, and what the present UTC day gained.
 *
 * Exact, constant memory, no clock of its own: a limit on drawdown or on a day's loss is the same in a run and in its replay. Before
 * the first update everything is 0. A day opens with the last value of the day before, or with the first value there is.
 *
 * @example
 * const equity = new EquityTracker();
 * equity.update(nowUs, 1000_00000000n);
 * equity.update(nowUs + 1, 990_00000000n);
 * equity.drawdownUnits; // 10_00000000n
 */
export class EquityTracker {
  #equity = 0n;
  #peak = 0n;
  #maxDrawdown = 0n;
  #dayOpen = 0n;
  #day = -1; // before the first update

  /** False before the first update. */
  get isStarted(): boolean {
    return this.#day >= 0;
  }

  /** The last value, in the smallest unit of the asset it is counted in. */
  get equityUnits(): bigint {
    return this.#equity;
  }

  /** The highest value so far. */
  get peakUnits(): bigint {
    return this.#peak;
  }

  /** How far the last value is below the highest; never negative. */
  get drawdownUnits(): bigint {
    return this.#peak - this.#equity;
  }

  /** The largest drawdown so far. */
  get maxDrawdownUnits(): bigint {
    return this.#maxDrawdown;
  }

  /** Gained since the present UTC day opened; negative for a loss. */
  get dayProfitUnits(): bigint {
    return this.#equity - this.#dayOpen;
  }

  /**
   * Takes the value at a moment.
   *
   * @param nowUs Microseconds since the epoch; one before the last one's day counts as of that day.
   */
  update(nowUs: number, equityUnits: bigint): void {
    const day = Math.floor(nowUs / DAY_US);
    if (this.#day < 0) {
      this.#dayOpen = equityUnits;
      this.#peak = equityUnits;
      this.#day = day;
    } else if (day > this.#day) {
      this.#dayOpen = this.#equity;
      this.#day = day;
    }
    this.#equity = equityUnits;
    if (equityUnits > this.#peak) this.#peak = equityUnits;
    else if (this.#peak - equityUnits > this.#maxDrawdown) this.#maxDrawdown = this.#peak - equityUnits;
  }

  record(): EquityRecord {
    return {
      equity: this.#equity.toString(),
      peak: this.#peak.toString(),
      maxDrawdown: this.#maxDrawdown.toString(),
      dayOpen: this.#dayOpen.toString(),
      day: this.#day,
    };
  }

  /** Takes over what was recorded, in place of all that was seen. */
  restore({ equity, peak, maxDrawdown, dayOpen, day }: EquityRecord): void {
    this.#equity = BigInt(equity);
    this.#peak = BigInt(peak);
    this.#maxDrawdown = BigInt(maxDrawdown);
    this.#dayOpen = BigInt(dayOpen);
    this.#day = day;
  }
}
