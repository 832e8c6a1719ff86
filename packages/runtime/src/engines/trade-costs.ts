import { InvalidInputError } from "@pitlane/perf";
import { ASSET_DECIMALS, type Instrument } from "@pitlane/sdk";

/** Basis points are kept in millionths: two decimals of them. */
export const PPM = 1_000_000n;

/**
 * Basis points in millionths.
 *
 * @throws {InvalidInputError} Naming `what`, when it is not from 0 to 1000 or has more than two decimals.
 */
export function toPpm(what: string, bps: number): bigint {
  const ppm = Math.round(bps * 100);
  if (bps >= 0 && bps <= 1000 && Math.abs(ppm - bps * 100) < 1e-6) return BigInt(ppm);
  throw new InvalidInputError(`${what} must be from 0 to 1000 basis points with two decimals at most, got ${bps}`);
}

/** What a purchase takes off the quote asset, costs included, in its smallest unit, rounded up. @param costPpm Of its value. */
export function spentUnits(instrument: Instrument, priceTicks: number, sizeLots: number, costPpm: bigint): bigint {
  return spentForUnits(instrument, BigInt(priceTicks) * BigInt(sizeLots), costPpm);
}

/** As `spentUnits`, at several prices. @param tickLots Sum of price x size, in ticks x lots. */
export function spentForUnits(instrument: Instrument, tickLots: bigint, costPpm: bigint): bigint {
  const { numerator, denominator } = worthOf(instrument, tickLots);
  return ceilDiv(numerator * (PPM + costPpm), denominator * PPM);
}

/** What a sale brings of the quote asset, costs taken off, in its smallest unit, rounded down. */
export function broughtUnits(instrument: Instrument, priceTicks: number, sizeLots: number, costPpm: bigint): bigint {
  return broughtForUnits(instrument, BigInt(priceTicks) * BigInt(sizeLots), costPpm);
}

/** As `broughtUnits`, at several prices. @param tickLots As of `spentForUnits`. */
export function broughtForUnits(instrument: Instrument, tickLots: bigint, costPpm: bigint): bigint {
  const { numerator, denominator } = worthOf(instrument, tickLots);
  return (numerator * (PPM - costPpm)) / (denominator * PPM);
}

/** Most lots that a purchase can get for `units` of the quote asset, costs included; a multiple of the venue's step. */
export function affordableLots(instrument: Instrument, priceTicks: number, units: bigint, costPpm: bigint): number {
  const { numerator, denominator } = worthOf(instrument, BigInt(priceTicks) * BigInt(instrument.lotIncrement));
  return Number((units * denominator * PPM) / (numerator * (PPM + costPpm))) * instrument.lotIncrement;
}

/** Lots that `units` of the base asset are; a multiple of the venue's step. */
export function heldLots({ sizeDecimals, lotIncrement }: Instrument, units: bigint): number {
  const shift = ASSET_DECIMALS - sizeDecimals;
  const steps =
    shift >= 0
      ? units / (BigInt(lotIncrement) * 10n ** BigInt(shift))
      : (units * 10n ** BigInt(-shift)) / BigInt(lotIncrement);
  return Number(steps) * lotIncrement;
}

/** True when the venue takes an order of that size at that price. */
export function isOrderSize(instrument: Instrument, priceTicks: number, sizeLots: number): boolean {
  const { minLots, maxLots, lotIncrement, minNotional } = instrument;
  if (sizeLots < minLots || sizeLots > maxLots || sizeLots <= 0 || sizeLots % lotIncrement !== 0) return false;
  const { numerator, denominator } = worthOf(instrument, BigInt(priceTicks) * BigInt(sizeLots));
  return numerator >= minNotional * denominator;
}

/** Ticks x lots in the quote asset's smallest unit, as a fraction: nothing is rounded. */
function worthOf({ priceDecimals, sizeDecimals }: Instrument, tickLots: bigint) {
  const shift = ASSET_DECIMALS - priceDecimals - sizeDecimals;
  return shift >= 0
    ? { numerator: tickLots * 10n ** BigInt(shift), denominator: 1n }
    : { numerator: tickLots, denominator: 10n ** BigInt(-shift) };
}

function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}
