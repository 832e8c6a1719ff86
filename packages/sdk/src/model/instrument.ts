/**
 * What can be traded, with the exact scales of its numbers.
 *
 * Prices are whole `ticks` of 10^-priceDecimals quote units, sizes whole `lots` of 10^-sizeDecimals base units. An order's price
 * must be a multiple of `tickIncrement` and its size of `lotIncrement` (both 1 where the venue's step is a power of ten and its
 * books hold nothing finer).
 * Amounts of an asset are `bigint` in its smallest unit, 10^-ASSET_DECIMALS.
 */
export interface Instrument {
  /** `venue:AAA/BBB`, unique over all venues. */
  readonly id: string;
  /** Venue name, as in `id`. */
  readonly venue: string;
  /** `AAA/BBB`. */
  readonly symbol: string;
  /** The venue's own spelling, `AAABBB`. */
  readonly venueSymbol: string;
  /** Asset bought and sold. */
  readonly base: string;
  /** Asset that prices are in. */
  readonly quote: string;
  /** False while the venue takes no new orders for it; its market data may still flow. */
  readonly trading: boolean;
  /** Decimal digits of one tick, 0 to 12. */
  readonly priceDecimals: number;
  /** Decimal digits of one lot, 0 to 12. */
  readonly sizeDecimals: number;
  /** Order prices are multiples of this many ticks. */
  readonly tickIncrement: number;
  /** Order sizes are multiples of this many lots. */
  readonly lotIncrement: number;
  /** Smallest order size, in lots. */
  readonly minLots: number;
  /** Largest order size, in lots; Number.MAX_SAFE_INTEGER when the venue states none. */
  readonly maxLots: number;
  /** Smallest price x size of an order, in the quote asset's smallest unit; 0n when the venue states none. */
  readonly minNotional: bigint;
}

/** Decimal digits of an asset's smallest unit: Binance keeps balances and commissions to 8. */
export const ASSET_DECIMALS = 8;
