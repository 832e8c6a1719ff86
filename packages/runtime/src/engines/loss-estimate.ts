import { ASSET_DECIMALS, type Instrument } from "@pitlane/sdk";
import type { LossLimits } from "./loss-limits.ts";
import { unitsPerTickLot } from "./notional.ts";
import type { PositionView } from "./position.ts";

// Of sums of a few doubles, which are wrong by some parts in 10^16 each; and what whole units drop of one instrument.
const WRONG_BY = 1e-12;
const DROPPED_UNITS = 4;

/** What is held of one instrument: its part of the profit is `slope` x twice the mid, and a constant. */
interface Holding {
  readonly index: number;
  readonly slope: number;
  readonly asset: QuoteAsset;
}

/** One quote asset: the profit apart from prices, and between what values a look at it changes nothing. */
interface QuoteAsset {
  readonly quote: string;
  readonly offset: number;
  readonly size: number; // of what the offset is the sum of
  lowest: number;
  highest: number;
}

/** Bid + ask of one instrument in ticks, from the lowest to the highest, both included; nothing where one is NaN or they are the wrong way round. */
export class TwiceMidRange {
  lowest: number = Number.NaN;
  highest: number = Number.NaN;
}

/**
 * Says, for most prices, without a bigint that a look at the losses would change nothing: the profit is below its highest value, and above
 * the lowest that was seen since, so that no limit is reached either.
 *
 *     profit   lowest seen |--- changes nothing ---| highest        limit of the day's loss, of the drawdown: further left
 *
 * A float decides, with a margin for all that it may be wrong by; what is nearer than that is for `LossLimits.update`.
 *
 * @example
 * estimate.takePositions(portfolio.positions); // after fills
 * estimate.takeBounds(losses); // after each exact look
 * if (!estimate.changesNothing(twiceMids)) look();
 */
export class LossEstimate {
  readonly #indexOf: (instrument: Instrument) => number;
  #holdings: readonly Holding[] = [];
  #assets: readonly QuoteAsset[] = [];

  constructor(indexOf: (instrument: Instrument) => number) {
    this.#indexOf = indexOf;
  }

  /** Takes over what is held. */
  takePositions(positions: ReadonlyMap<Instrument, PositionView>): void {
    const assets = new Map<string, { offset: number; size: number }>();
    for (const [{ quote }, position] of positions) {
      const sum = assets.get(quote) ?? { offset: 0, size: DROPPED_UNITS / WRONG_BY };
      for (const part of partsOf(position)) {
        sum.offset += part;
        sum.size += Math.abs(part);
      }
      sum.size += DROPPED_UNITS / WRONG_BY;
      assets.set(quote, sum);
    }
    const known = new Map(
      [...assets].map(([quote, sum]): [string, QuoteAsset] => [
        quote,
        { quote, ...sum, lowest: Number.NaN, highest: Number.NaN },
      ]),
    );
    this.#assets = [...known.values()];
    this.#holdings = [...positions].flatMap(([instrument, position]) => {
      if (position.lots === 0 && position.baseFeeUnits === 0n) return []; // whatever its price is
      const asset = known.get(instrument.quote)!;
      return [{ index: this.#indexOf(instrument), slope: slopeOf(instrument, position), asset }];
    });
  }

  /** Takes over between what values a look changes nothing at present. */
  takeBounds(losses: LossLimits): void {
    for (const asset of this.#assets) {
      const range = losses.quietRange(asset.quote);
      asset.lowest = range === undefined ? Number.NaN : Number(range.lowest);
      asset.highest = range === undefined ? Number.NaN : Number(range.highest);
    }
  }

  /**
   * Finds between what prices of one instrument `changesNothing` is true, those of the others as they are. It may be more narrow, and never
   * reaches beyond four times the present price, so that the margin has a bound.
   *
   * @param index The instrument's number.
   * @param twiceMids As for `changesNothing`.
   */
  findQuiet(index: number, twiceMids: Float64Array, range: TwiceMidRange): void {
    range.lowest = 0;
    range.highest = Number.POSITIVE_INFINITY;
    for (const asset of this.#assets) {
      let slope = 0;
      let rest = asset.offset;
      let size = asset.size + Math.abs(asset.lowest) + Math.abs(asset.highest);
      for (const holding of this.#holdings) {
        if (holding.asset !== asset) continue;
        if (holding.index === index) {
          slope = holding.slope;
        } else {
          const part = holding.slope * twiceMids[holding.index]!;
          rest += part;
          size += Math.abs(part);
        }
      }
      const mostTwiceMid = slope === 0 ? 0 : 4 * twiceMids[index]!;
      const margin = (size + Math.abs(slope) * mostTwiceMid) * WRONG_BY;
      const lowest = asset.lowest + margin - rest;
      const highest = asset.highest - margin - rest;
      if (slope === 0 && lowest <= 0 && highest >= 0) continue;
      if (slope === 0 || !(lowest <= highest)) {
        range.lowest = Number.POSITIVE_INFINITY;
        return;
      }
      range.lowest = Math.max(range.lowest, (slope > 0 ? lowest : highest) / slope);
      range.highest = Math.min(range.highest, (slope > 0 ? highest : lowest) / slope, mostTwiceMid);
    }
  }

  /** @param twiceMids Bid + ask in ticks, by number of the instrument; NaN where it is not known. */
  changesNothing(twiceMids: Float64Array): boolean {
    const assets = this.#assets;
    const holdings = this.#holdings;
    for (let a = 0; a < assets.length; a++) {
      const asset = assets[a]!;
      let profit = asset.offset;
      let size = asset.size;
      for (let h = 0; h < holdings.length; h++) {
        const holding = holdings[h]!;
        if (holding.asset !== asset) continue;
        const part = holding.slope * twiceMids[holding.index]!;
        profit += part;
        size += Math.abs(part);
      }
      const margin = (size + Math.abs(asset.lowest) + Math.abs(asset.highest)) * WRONG_BY;
      if (!(profit - margin >= asset.lowest && profit + margin <= asset.highest)) return false; // nor where one is NaN
    }
    return true;
  }
}

function partsOf({ lots, realizedUnits, quoteFeeUnits, costUnits }: PositionView): readonly number[] {
  return [Number(realizedUnits), -Number(quoteFeeUnits), lots < 0 ? Number(costUnits) : -Number(costUnits)];
}

/** Profit that one tick more of twice the mid makes, in the quote asset's smallest unit: see `LedgerView.profit`. */
function slopeOf(instrument: Instrument, { lots, baseFeeUnits }: PositionView): number {
  const coinUnits = 10 ** (ASSET_DECIMALS - instrument.priceDecimals); // of one coin, a tick
  return (lots * unitsPerTickLot(instrument)) / 2 - (Number(baseFeeUnits) / 10 ** ASSET_DECIMALS) * (coinUnits / 2);
}
