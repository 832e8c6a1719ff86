/** What trades add up to, exactly. */
export interface TradeSums {
  /** The sum of price * volume, in ticks * lots. */
  readonly notionalTickLots: bigint;
  readonly volumeLots: bigint;
}

/** Largest price and volume, and sum of them within a double: up to twice as much, a double holds every whole number. */
export const LARGEST = 2 ** 52;

/**
 * Up to `capacity` trades in columns of fixed length, in order of time. `PackedTrades` checks what goes in.
 *
 *   timestampsUs | t0 t1 t2 ... |   float64, whole numbers
 *   pricesTicks  | p0 p1 p2 ... |   float64, whole numbers
 *   volumesLots  | v0 v1 v2 ... |   float64, whole numbers
 *   sides        | s0 s1 s2 ... |   uint8, 0 buy, 1 sell        25 bytes a trade
 */
export class TradeSegment {
  readonly timestampsUs: Float64Array;
  readonly pricesTicks: Float64Array;
  readonly volumesLots: Float64Array;
  readonly sides: Uint8Array;
  length = 0;
  readonly #parts = new Float64Array(2); // notional and volume
  #whole: TradeSums | undefined; // of all rows, once it is full

  constructor(capacity: number) {
    this.timestampsUs = new Float64Array(capacity);
    this.pricesTicks = new Float64Array(capacity);
    this.volumesLots = new Float64Array(capacity);
    this.sides = new Uint8Array(capacity);
  }

  get isFull(): boolean {
    return this.length === this.sides.length;
  }

  /** The last trade's time; -Infinity when there is none. */
  get lastUs(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : (this.timestampsUs[this.length - 1] as number);
  }

  push(timestampUs: number, priceTicks: number, volumeLots: number, side: 0 | 1): void {
    const row = this.length;
    this.timestampsUs[row] = timestampUs;
    this.pricesTicks[row] = priceTicks;
    this.volumesLots[row] = volumeLots;
    this.sides[row] = side;
    this.length = row + 1;
  }

  /** The first row at or after `timeUs`; `length` when there is none. */
  rowAt(timeUs: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timestampsUs[middle] as number) < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The sums of rows `from` up to `to`, at least one. Those of a whole full segment are worked out once. */
  sums(from: number, to: number): TradeSums {
    if (!this.isFull || to - from < this.length) return this.#add(from, to);
    this.#whole ??= this.#add(from, to);
    return this.#whole;
  }

  // Where doubles cannot hold the sums of all rows, the halves are summed apart: of a single row they always can.
  #add(from: number, to: number): TradeSums {
    if (this.#addInDoubles(from, to)) {
      const volumeLots = BigInt(this.#parts[1] as number);
      const distances = BigInt(this.#parts[0] as number);
      return { notionalTickLots: distances + BigInt(this.pricesTicks[from] as number) * volumeLots, volumeLots };
    }
    const middle = (from + to) >>> 1;
    const early = this.#add(from, middle);
    const late = this.#add(middle, to);
    return {
      notionalTickLots: early.notionalTickLots + late.notionalTickLots,
      volumeLots: early.volumeLots + late.volumeLots,
    };
  }

  /**
   * Leaves the sums of (price - first price) * volume and of volume in `#parts`; false when they may not be exact.
   *
   * The magnitude is the sum of the terms' sizes. While it is at most `LARGEST`, it and every sum on the way are whole numbers
   * that a double holds. Distances from the first price, in practice small, keep that so for thousands of rows.
   */
  #addInDoubles(from: number, to: number): boolean {
    const { pricesTicks, volumesLots } = this;
    const baseTicks = pricesTicks[from] as number;
    let notional = 0;
    let volume = 0;
    let magnitude = 0;
    for (let row = from; row < to; row++) {
      const lots = volumesLots[row] as number;
      const product = ((pricesTicks[row] as number) - baseTicks) * lots;
      notional += product;
      volume += lots;
      magnitude += Math.abs(product) + lots;
    }
    this.#parts[0] = notional;
    this.#parts[1] = volume;
    return magnitude <= LARGEST;
  }
}
