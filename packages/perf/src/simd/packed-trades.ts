import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import { LARGEST, TradeSegment, type TradeSums } from "./trade-segment.ts";

export interface PackedTradesOptions {
  /** Most trades held, `rowsPerSegment` to 1e9; 1,000,000 by default. */
  readonly maxRows?: number;
  /** Trades a segment: memory grows, and the oldest trades go, by as many at a time. 64 to 1,048,576; 4,096 by default. */
  readonly rowsPerSegment?: number;
}

export type TradeSide = "buy" | "sell";

/** Consecutive trades as columns: views of the store's own arrays, of equal length. Only to be read. */
export interface TradeColumns {
  readonly timestampsUs: Float64Array;
  readonly pricesTicks: Float64Array;
  readonly volumesLots: Float64Array;
  /** 0 for buy, 1 for sell. */
  readonly sides: Uint8Array;
}

/** The sums of a range, and the price they give. */
export interface Vwap extends TradeSums {
  readonly trades: number;
  /** `notionalTickLots / volumeLots` to within 3 units in the last place, for display; NaN when there are no trades. */
  readonly vwapTicks: number;
}

/**
 * The latest `maxRows` trades of one instrument, in columns of whole numbers: 25 bytes a trade, no object for any.
 *
 * Trades come in order of time; equal times are kept in order of arrival. When a new segment would take the store above
 * `maxRows`, the oldest segment goes, and `dropped` counts its trades: so between `maxRows - 2 * rowsPerSegment + 2` and `maxRows`
 * are held once it is full. Views given out stay valid, also of dropped segments.
 *
 * A range holds `fromUs` and not `toUs`. Finding one takes a binary search, `vwap` a pass over the two segments at its ends: the
 * sums of full segments between are kept. All sums are exact.
 *
 * @example
 * const trades = new PackedTrades();
 * trades.push(1_000_000, 50_000, 3, "buy"); // microseconds, ticks, lots
 * trades.push(2_000_000, 50_010, 1, "sell");
 * trades.vwap(0, 3_000_000).vwapTicks; // 50002.5
 */
export class PackedTrades {
  readonly #maxSegments: number;
  readonly #rowsPerSegment: number;
  readonly #segments: TradeSegment[];
  #last: TradeSegment;
  #dropped = 0;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor({ maxRows = 1_000_000, rowsPerSegment = 4096 }: PackedTradesOptions = {}) {
    this.#rowsPerSegment = integerInRange("rowsPerSegment", rowsPerSegment, 64, 2 ** 20);
    this.#maxSegments = Math.floor(
      integerInRange("maxRows", maxRows, this.#rowsPerSegment, 1e9) / this.#rowsPerSegment,
    );
    this.#last = new TradeSegment(this.#rowsPerSegment);
    this.#segments = [this.#last];
  }

  /** Trades held. */
  get size(): number {
    return (this.#segments.length - 1) * this.#rowsPerSegment + this.#last.length;
  }

  /** Trades that went to make room, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes of the columns, with what is still free in the last segment. */
  get bytes(): number {
    return this.#segments.length * this.#rowsPerSegment * 25;
  }

  /**
   * Appends a trade.
   *
   * @param timestampUs Microseconds since the epoch, a whole number, not before the last trade's.
   * @param priceTicks A whole number from -2^52 to 2^52; spreads may trade below 0.
   * @param volumeLots A whole number from 1 to 2^52.
   * @throws {InvalidInputError} When one of them is not as said; nothing is stored then.
   */
  push(timestampUs: number, priceTicks: number, volumeLots: number, side: TradeSide): void {
    integerInRange("priceTicks", priceTicks, -LARGEST, LARGEST);
    integerInRange("volumeLots", volumeLots, 1, LARGEST);
    integerInRange("timestampUs", timestampUs, 0, Number.MAX_SAFE_INTEGER);
    if (side !== "buy" && side !== "sell")
      throw new InvalidInputError(`side must be "buy" or "sell", got ${String(side)}`);
    if (timestampUs < this.#last.lastUs)
      throw new InvalidInputError(`timestampUs must not go back: ${timestampUs} after ${this.#last.lastUs}`);
    if (this.#last.isFull) this.#grow();
    this.#last.push(timestampUs, priceTicks, volumeLots, side === "buy" ? 0 : 1);
  }

  /** How many trades there are from `fromUs` up to, not including, `toUs`. @throws {InvalidInputError} As `vwap`. */
  count(fromUs: number, toUs: number): number {
    let count = 0;
    this.#eachPart(fromUs, toUs, (_segment, from, to) => {
      count += to - from;
    });
    return count;
  }

  /**
   * The exact notional and volume of the trades from `fromUs` up to, not including, `toUs`, and their average price.
   *
   * @throws {InvalidInputError} When `fromUs` is above `toUs` or either is NaN; both may be infinite.
   */
  vwap(fromUs: number, toUs: number): Vwap {
    let trades = 0;
    let notionalTickLots = 0n;
    let volumeLots = 0n;
    this.#eachPart(fromUs, toUs, (segment, from, to) => {
      const sums = segment.sums(from, to);
      trades += to - from;
      notionalTickLots += sums.notionalTickLots;
      volumeLots += sums.volumeLots;
    });
    return { trades, notionalTickLots, volumeLots, vwapTicks: Number(notionalTickLots) / Number(volumeLots) };
  }

  /** Calls `visit` with each trade of the range, oldest first, without creating an object for any. Throws as `vwap`. */
  forEach(
    fromUs: number,
    toUs: number,
    visit: (timestampUs: number, priceTicks: number, volumeLots: number, side: TradeSide) => void,
  ): void {
    this.#eachPart(fromUs, toUs, ({ timestampsUs, pricesTicks, volumesLots, sides }, from, to) => {
      for (let row = from; row < to; row++)
        visit(
          timestampsUs[row] as number,
          pricesTicks[row] as number,
          volumesLots[row] as number,
          sides[row] === 0 ? "buy" : "sell",
        );
    });
  }

  /** The range's columns, one entry for each segment it touches, without copies. Throws as `vwap`. */
  columns(fromUs: number, toUs: number): TradeColumns[] {
    const parts: TradeColumns[] = [];
    this.#eachPart(fromUs, toUs, (segment, from, to) => {
      parts.push({
        timestampsUs: segment.timestampsUs.subarray(from, to),
        pricesTicks: segment.pricesTicks.subarray(from, to),
        volumesLots: segment.volumesLots.subarray(from, to),
        sides: segment.sides.subarray(from, to),
      });
    });
    return parts;
  }

  #grow(): void {
    if (this.#segments.length === this.#maxSegments) {
      this.#segments.shift();
      this.#dropped += this.#rowsPerSegment;
    }
    // New arrays rather than the dropped ones: views of those may be in use.
    this.#last = new TradeSegment(this.#rowsPerSegment);
    this.#segments.push(this.#last);
  }

  /** Calls `take` with each segment that has trades in the range, and with its first row and the one behind its last. */
  #eachPart(fromUs: number, toUs: number, take: (segment: TradeSegment, from: number, to: number) => void): void {
    inRange("fromUs", fromUs, Number.NEGATIVE_INFINITY, toUs);
    inRange("toUs", toUs, fromUs, Number.POSITIVE_INFINITY);
    for (let i = this.#firstSegmentAt(fromUs); i < this.#segments.length; i++) {
      const segment = this.#segments[i] as TradeSegment;
      const from = segment.rowAt(fromUs);
      const to = segment.rowAt(toUs);
      if (from < to) take(segment, from, to);
      if (to < segment.length) return;
    }
  }

  /** The first segment that ends at or after `timeUs`. */
  #firstSegmentAt(timeUs: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle] as TradeSegment).lastUs < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
