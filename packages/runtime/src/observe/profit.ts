import { baseUnits, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import { EquityTracker } from "../engines/equity.ts";
import { addAmount } from "../engines/portfolio-amounts.ts";
import type { Convert } from "../engines/portfolio-ledger.ts";
import type { TwiceMidTicks } from "../engines/portfolio-valuation.ts";
import type { PositionView } from "../engines/position.ts";
import type { ProfitFigures } from "./sample.ts";

/** Amounts by quote asset, in its smallest unit. */
export interface ProfitAmounts {
  /** After fees, open positions at present prices. */
  readonly profit: ReadonlyMap<string, bigint>;
  /** Before fees. */
  readonly realized: ReadonlyMap<string, bigint>;
  readonly fees: ReadonlyMap<string, bigint>;
}

/** How far a profit has fallen below its highest value, and from where on its limit counts. */
export interface Drawdown {
  readonly units: bigint;
  readonly granted: bigint;
}

/** Makes the figures of profit, and follows how far each has fallen where nobody else does. */
export class ProfitWatch {
  readonly #limitUnits: bigint;
  readonly #known: (asset: string) => Drawdown | undefined;
  readonly #trackers = new Map<string, EquityTracker>();

  /**
   * @param limitUnits Largest drawdown, in each asset's smallest unit; 0n for no limit.
   * @param known The drawdown as the limits on losses see it, also over restarts; undefined where they do not look.
   */
  constructor(limitUnits: bigint, known: (asset: string) => Drawdown | undefined) {
    this.#limitUnits = limitUnits;
    this.#known = known;
  }

  /** @param isValued False while something is held that has no price: its worth would seem to be lost. @param nowUs Microseconds since the epoch. */
  look({ profit, realized, fees }: ProfitAmounts, isValued: boolean, nowUs: number): readonly ProfitFigures[] {
    return [...profit]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([asset, units]) => {
        const tracker = this.#trackerOf(asset, nowUs);
        if (isValued) tracker.update(nowUs, units);
        const drawdown = this.#known(asset) ?? { units: tracker.drawdownUnits, granted: 0n };
        return {
          asset,
          profit: formatUnits(units),
          realized: formatUnits(realized.get(asset) ?? 0n),
          fees: formatUnits(fees.get(asset) ?? 0n),
          drawdown: formatUnits(drawdown.units),
          drawdownUsed: shareUsed(drawdown, this.#limitUnits),
        };
      });
  }

  // A run begins at a profit of nothing, also of an asset whose first trade is a loss.
  #trackerOf(asset: string, nowUs: number): EquityTracker {
    let tracker = this.#trackers.get(asset);
    if (tracker === undefined) {
      tracker = new EquityTracker();
      tracker.update(nowUs, 0n);
      this.#trackers.set(asset, tracker);
    }
    return tracker;
  }
}

/** The drawdown as a share of its limit, to six digits; null where there is no limit. Pure. */
export function shareUsed({ units, granted }: Drawdown, limitUnits: bigint): number | null {
  if (limitUnits <= 0n) return null;
  const counted = units > granted ? units - granted : 0n;
  return Number((counted * 1_000_000n) / limitUnits) / 1_000_000;
}

/**
 * Fees by quote asset of the instruments they were paid on: those in the base asset at the present mid, those in a third asset where
 * `convert` knows their value. So that the figures of profit agree with each other, as `LedgerView.profit` counts them.
 */
export function feesInQuote(
  positions: ReadonlyMap<Instrument, PositionView>,
  twiceMidTicks: TwiceMidTicks,
  convert: Convert,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const [instrument, { quoteFeeUnits, baseFeeUnits, otherFees }] of positions) {
    const { quote, sizeDecimals } = instrument;
    addAmount(sums, quote, quoteFeeUnits);
    for (const [asset, units] of otherFees) addAmount(sums, quote, convert(units, asset, quote) ?? 0n);
    const twiceMid = twiceMidTicks(instrument);
    if (twiceMid === undefined) continue;
    const coin = 10 ** sizeDecimals; // in lots
    addAmount(
      sums,
      quote,
      (baseFeeUnits * notionalUnits(instrument, twiceMid, coin)) / (2n * baseUnits(instrument, coin)),
    );
  }
  return sums;
}
