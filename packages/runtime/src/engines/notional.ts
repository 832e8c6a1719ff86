import { ASSET_DECIMALS, type Instrument, notionalUnits } from "@pitlane/sdk";

/** Worth of one tick x one lot in the quote asset's smallest unit, as a float: below 1 where steps are finer than that unit. */
export function unitsPerTickLot({ priceDecimals, sizeDecimals }: Instrument): number {
  return 10 ** (ASSET_DECIMALS - priceDecimals - sizeDecimals);
}

// A product of two doubles and a scale is wrong by a few parts in 10^16: what is this much below a limit is within it for certain.
const SURELY = 1 - 1e-12;

/**
 * A largest price x size of one instrument. The answer is exact, and mostly found without a bigint: a float decides when it is clearly
 * below the limit, and only what is close to it or above is worked out in whole units.
 *
 * @example
 * const limit = new NotionalLimit(instrument, parseUnits("1000"));
 * limit.admits(priceTicks, sizeLots);
 */
export class NotionalLimit {
  /** In the quote asset's smallest unit; 0n for no limit. */
  readonly units: bigint;
  readonly #instrument: Instrument;
  readonly #surelyWithin: number; // ticks x lots

  constructor(instrument: Instrument, units: bigint) {
    this.units = units;
    this.#instrument = instrument;
    this.#surelyWithin =
      units === 0n ? Number.POSITIVE_INFINITY : (Number(units) / unitsPerTickLot(instrument)) * SURELY;
  }

  admits(priceTicks: number, sizeLots: number): boolean {
    return (
      priceTicks * sizeLots <= this.#surelyWithin ||
      (this.units !== 0n && notionalUnits(this.#instrument, priceTicks, sizeLots) <= this.units)
    );
  }
}
