import { toDigits } from "./portfolio-amounts.ts";
import { FifoLots, type FifoRecord } from "./position-lots.ts";

/** What was traded of one instrument since the run began. Amounts are in the quote asset's smallest unit unless said otherwise. */
export interface PositionView {
  /** Bought less sold, in lots; negative after selling more than was bought. */
  readonly lots: number;
  /** What the open lots cost (or, when negative, brought), at average cost; never negative. */
  readonly costUnits: bigint;
  /** Profit of what was bought and sold again, at average cost, before fees. */
  readonly realizedUnits: bigint;
  /** As `costUnits`, where what closes a position closes the oldest first. */
  readonly fifoCostUnits: bigint;
  /** As `realizedUnits`, where what closes a position closes the oldest first. */
  readonly fifoRealizedUnits: bigint;
  /** Received for what was sold less paid for what was bought. */
  readonly cashUnits: bigint;
  /** Fees of its fills paid in the base asset, in that asset's smallest unit. */
  readonly baseFeeUnits: bigint;
  /** Fees of its fills paid in the quote asset. */
  readonly quoteFeeUnits: bigint;
  /** Fees of its fills paid in any other asset, in that asset's smallest unit. */
  readonly otherFees: ReadonlyMap<string, bigint>;
}

/** A position as snapshots keep it; amounts in decimal digits. What is optional was not kept by the first versions. */
export interface PositionRecord {
  readonly lots: number;
  readonly costUnits: string;
  readonly realizedUnits: string;
  readonly baseFeeUnits: string;
  readonly quoteFeeUnits: string;
  readonly otherFees?: Readonly<Record<string, string>>;
  readonly openFeeUnits?: string;
  readonly fifo?: FifoRecord;
}

const NO_FEES: ReadonlyMap<string, bigint> = new Map();

/** One instrument's position, by average cost and first in, first out side by side. */
export class Position implements PositionView {
  lots = 0;
  costUnits = 0n;
  realizedUnits = 0n;
  baseFeeUnits = 0n;
  quoteFeeUnits = 0n;
  #otherFees: Map<string, bigint> | undefined; // made when the first such fee is paid
  #openFeeUnits = 0n; // fees of the open lots, valued in the quote asset as they were paid
  #fifo = new FifoLots();

  get otherFees(): ReadonlyMap<string, bigint> {
    return this.#otherFees ?? NO_FEES;
  }

  get fifoCostUnits(): bigint {
    return this.#fifo.costUnits;
  }

  get fifoRealizedUnits(): bigint {
    return this.#fifo.realizedUnits;
  }

  get cashUnits(): bigint {
    return this.realizedUnits + (this.lots < 0 ? this.costUnits : -this.costUnits);
  }

  /**
   * Moves the position by a fill.
   *
   * @param lots Signed, not 0. @param notional Price x size. @param feeUnits The fill's fee, valued in the quote asset.
   * @returns Profit of what it closed, at average cost, less that part's fees; undefined when it closed nothing.
   */
  move(lots: number, notional: bigint, priceTicks: number, feeUnits: bigint): bigint | undefined {
    this.#fifo.move(lots, notional, priceTicks);
    if (this.lots === 0 || this.lots > 0 === lots > 0) {
      this.lots += lots;
      this.costUnits += notional;
      this.#openFeeUnits += feeUnits;
      return undefined;
    }
    const isLong = this.lots > 0;
    const open = BigInt(Math.abs(this.lots));
    const size = BigInt(Math.abs(lots));
    const closing = open < size ? open : size;
    // Shares are rounded down and the rest stays with what is left, so nothing is made or lost by rounding.
    const closingCost = (this.costUnits * closing) / open;
    const closingValue = (notional * closing) / size;
    const closingFees = (this.#openFeeUnits * closing) / open + (feeUnits * closing) / size;
    const gain = isLong ? closingValue - closingCost : closingCost - closingValue;
    this.realizedUnits += gain;
    this.lots += lots;
    this.costUnits = size > open ? notional - closingValue : this.costUnits - closingCost;
    this.#openFeeUnits += feeUnits - closingFees;
    return gain - closingFees;
  }

  /** Counts a fee in an asset that is neither base nor quote. */
  addOtherFee(asset: string, units: bigint): void {
    this.#otherFees ??= new Map();
    this.#otherFees.set(asset, (this.#otherFees.get(asset) ?? 0n) + units);
  }

  record(): PositionRecord {
    const { lots, costUnits, realizedUnits, baseFeeUnits, quoteFeeUnits, otherFees } = this;
    return {
      lots,
      costUnits: costUnits.toString(),
      realizedUnits: realizedUnits.toString(),
      baseFeeUnits: baseFeeUnits.toString(),
      quoteFeeUnits: quoteFeeUnits.toString(),
      otherFees: toDigits(otherFees),
      openFeeUnits: this.#openFeeUnits.toString(),
      fifo: this.#fifo.record(),
    };
  }

  /** A position from what `record` gave. One of the first versions has its open part as one lot of average cost. */
  static from(record: PositionRecord): Position {
    const { lots, costUnits, realizedUnits, baseFeeUnits, quoteFeeUnits, otherFees = {}, openFeeUnits = "0" } = record;
    const position = new Position();
    position.lots = lots;
    position.costUnits = BigInt(costUnits);
    position.realizedUnits = BigInt(realizedUnits);
    position.baseFeeUnits = BigInt(baseFeeUnits);
    position.quoteFeeUnits = BigInt(quoteFeeUnits);
    position.#openFeeUnits = BigInt(openFeeUnits);
    for (const [asset, units] of Object.entries(otherFees)) position.addOtherFee(asset, BigInt(units));
    const open: FifoRecord["open"] = lots === 0 ? [] : [[Math.abs(lots), costUnits, -1]];
    position.#fifo = FifoLots.from(record.fifo ?? { realized: realizedUnits, open }, lots > 0);
    return position;
  }
}

/** A position of nothing. */
export const NO_POSITION: PositionView = new Position();
