import { Deque } from "@pitlane/perf/ring";

/** Most lots that one position keeps apart. */
export const MAX_FIFO_LOTS = 256;

/** Bought (or sold) at one price and not yet closed. */
interface OpenLot {
  lots: number;
  costUnits: bigint;
  /** NaN once lots of different prices were merged. */
  priceTicks: number;
}

/** `FifoLots` as snapshots keep it: the realised profit, and lots, cost and price of each lot, oldest first; price -1 for several. */
export interface FifoRecord {
  readonly realized: string;
  readonly open: readonly (readonly [lots: number, cost: string, priceTicks: number])[];
}

/**
 * The open part of a position as the lots it was bought (or sold) in: what closes it closes the oldest first.
 *
 * Neighbours of one price are one lot. At `MAX_FIFO_LOTS` the two oldest become one of their average cost: sums stay exact, and only
 * how the profit is spread over the fills that close these two is then an average. Shares are rounded down and the rest stays with what
 * is left, so nothing is made or lost by rounding.
 */
export class FifoLots {
  readonly #open = new Deque<OpenLot>(MAX_FIFO_LOTS);
  #isLong = true;
  #realizedUnits = 0n;
  #costUnits = 0n;

  /** Profit of what was closed, before fees, in the quote asset's smallest unit. */
  get realizedUnits(): bigint {
    return this.#realizedUnits;
  }

  /** What the open lots cost (or, when short, brought); never negative. */
  get costUnits(): bigint {
    return this.#costUnits;
  }

  /** How many lots are kept apart. */
  get size(): number {
    return this.#open.size;
  }

  /** Moves the position by `lots` (signed, not 0), worth `notional` in all. */
  move(lots: number, notional: bigint, priceTicks: number): void {
    const isBuy = lots > 0;
    let left = Math.abs(lots);
    let value = notional;
    if (this.#open.size > 0 && this.#isLong !== isBuy) {
      for (let oldest = this.#open.at(0); oldest !== undefined && left > 0; oldest = this.#open.at(0)) {
        const closing = Math.min(oldest.lots, left);
        const cost = (oldest.costUnits * BigInt(closing)) / BigInt(oldest.lots);
        const closingValue = (value * BigInt(closing)) / BigInt(left);
        this.#realizedUnits += this.#isLong ? closingValue - cost : cost - closingValue;
        this.#costUnits -= cost;
        oldest.lots -= closing;
        oldest.costUnits -= cost;
        value -= closingValue;
        left -= closing;
        if (oldest.lots === 0) this.#open.shift();
      }
    }
    if (left > 0) this.#push(left, value, priceTicks, isBuy);
  }

  record(): FifoRecord {
    return {
      realized: this.#realizedUnits.toString(),
      open: [...this.#open].map(({ lots, costUnits, priceTicks }) => [
        lots,
        costUnits.toString(),
        Number.isNaN(priceTicks) ? -1 : priceTicks,
      ]),
    };
  }

  /** Lots from what `record` gave, of a long or a short position. */
  static from({ realized, open }: FifoRecord, isLong: boolean): FifoLots {
    const fifo = new FifoLots();
    fifo.#realizedUnits = BigInt(realized);
    for (const [lots, cost, priceTicks] of open)
      fifo.#push(lots, BigInt(cost), priceTicks < 0 ? Number.NaN : priceTicks, isLong);
    return fifo;
  }

  #push(lots: number, costUnits: bigint, priceTicks: number, isLong: boolean): void {
    this.#isLong = isLong;
    this.#costUnits += costUnits;
    const newest = this.#open.at(-1);
    if (newest?.priceTicks === priceTicks) {
      newest.lots += lots;
      newest.costUnits += costUnits;
      return;
    }
    if (this.#open.size === MAX_FIFO_LOTS) this.#mergeOldest();
    this.#open.tryPush({ lots, costUnits, priceTicks });
  }

  #mergeOldest(): void {
    const oldest = this.#open.shift();
    const next = this.#open.at(0);
    if (oldest === undefined || next === undefined) return;
    next.lots += oldest.lots;
    next.costUnits += oldest.costUnits;
    next.priceTicks = Number.NaN;
  }
}
