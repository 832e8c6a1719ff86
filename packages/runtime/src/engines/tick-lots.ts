import { ASSET_DECIMALS, type Instrument } from "@pitlane/sdk";

/** Below this part of a threshold no rounding can hide that it was reached. */
const CLEARLY_BELOW = 1 - 2 ** -40;

/**
 * An exact sum of price x size, in ticks x lots.
 *
 * A product of two whole numbers is exact as a number up to 2^53. The sum is kept in a number too; what outgrows it moves to a `bigint`,
 * once in many calls. Only a product that does not fit by itself costs a `bigint` each time.
 *
 * @example
 * const sum = new TickLots();
 * sum.add(6_125, 40);
 * sum.subtract(6_125, 15);
 * sum.value; // 153125n
 */
export class TickLots {
  #small = 0; // within +-2^53
  #large = 0n;
  #largeNumber = 0; // the number nearest to it

  add(priceTicks: number, sizeLots: number): void {
    const product = priceTicks * sizeLots;
    const sum = this.#small + product;
    // What was rounded is 2^53 at least, so what passes here is exact.
    if (product <= Number.MAX_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER) this.#small = sum;
    else this.#move(BigInt(priceTicks) * BigInt(sizeLots));
  }

  /** Takes back what was added before. */
  subtract(priceTicks: number, sizeLots: number): void {
    const product = priceTicks * sizeLots;
    const sum = this.#small - product;
    if (product <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) this.#small = sum;
    else this.#move(-BigInt(priceTicks) * BigInt(sizeLots));
  }

  clear(): void {
    this.#small = 0;
    if (this.#largeNumber === 0 && this.#large === 0n) return;
    this.#large = 0n;
    this.#largeNumber = 0;
  }

  /** Exact. */
  get value(): bigint {
    return this.#large + BigInt(this.#small);
  }

  /** The nearest number, to within a few parts in 2^53: for statistics. */
  get approximate(): number {
    return this.#largeNumber + this.#small;
  }

  /** True when the sum is `threshold` or more. Exact, and makes a `bigint` only near it. @param nearest `Number(threshold)`. */
  hasReached(threshold: bigint, nearest: number): boolean {
    return this.approximate >= nearest * CLEARLY_BELOW && this.value >= threshold;
  }

  #move(more: bigint): void {
    this.#large += BigInt(this.#small) + more;
    this.#largeNumber = Number(this.#large);
    this.#small = 0;
  }
}

/** Ticks x lots as an amount in the quote asset's smallest unit; a part below it is dropped, as `notionalUnits` does. */
export function tickLotsToUnits({ priceDecimals, sizeDecimals }: Instrument, tickLots: bigint): bigint {
  const decimals = priceDecimals + sizeDecimals;
  return decimals <= ASSET_DECIMALS
    ? tickLots * 10n ** BigInt(ASSET_DECIMALS - decimals)
    : tickLots / 10n ** BigInt(decimals - ASSET_DECIMALS);
}

/** The least ticks x lots that are worth `units`: the inverse of `tickLotsToUnits`, rounded up. */
export function unitsToTickLots({ priceDecimals, sizeDecimals }: Instrument, units: bigint): bigint {
  const decimals = priceDecimals + sizeDecimals;
  if (decimals >= ASSET_DECIMALS) return units * 10n ** BigInt(decimals - ASSET_DECIMALS);
  const unitsEach = 10n ** BigInt(ASSET_DECIMALS - decimals);
  return (units + unitsEach - 1n) / unitsEach;
}
