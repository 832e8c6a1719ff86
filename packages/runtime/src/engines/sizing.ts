import { ASSET_DECIMALS, type Instrument } from "@pitlane/sdk";

/** Whole lots that an amount of the base asset makes, in its smallest unit; what is left over is dropped. 0 for none or a debt. Pure. */
export function lotsOf({ sizeDecimals }: Instrument, baseUnits: bigint): number {
  if (baseUnits <= 0n) return 0;
  const shift = 10n ** BigInt(Math.abs(ASSET_DECIMALS - sizeDecimals));
  return Number(sizeDecimals <= ASSET_DECIMALS ? baseUnits / shift : baseUnits * shift);
}

/**
 * The largest size that can be sold: what an amount of the base asset makes in the venue's steps, less what open orders sell. Pure.
 *
 * @param baseUnits In the asset's smallest unit.
 */
export function freeLots(instrument: Instrument, baseUnits: bigint, openSellLots: number): number {
  const { lotIncrement } = instrument;
  return Math.max(0, Math.floor((lotsOf(instrument, baseUnits) - openSellLots) / lotIncrement) * lotIncrement);
}

/**
 * The smallest size worth at least `notional` at a price, within the venue's steps and bounds, in lots. Exact.
 *
 * @param priceTicks In ticks, above 0; a half tick is rounded down.
 * @param notional In the quote asset's smallest unit.
 * @example
 * const sizeLots = lotsWorth(instrument, quote.askTicks, 5n * instrument.minNotional);
 */
export function lotsWorth(instrument: Instrument, priceTicks: number, notional: bigint): number {
  const { priceDecimals, sizeDecimals, lotIncrement, minLots, maxLots } = instrument;
  const shift = priceDecimals + sizeDecimals - ASSET_DECIMALS;
  const worth = shift >= 0 ? notional * 10n ** BigInt(shift) : notional;
  const step = BigInt(Math.floor(priceTicks)) * BigInt(lotIncrement) * (shift >= 0 ? 1n : 10n ** BigInt(-shift));
  const steps = step === 0n ? 0n : (worth + step - 1n) / step;
  const lots = Number(steps) * lotIncrement;
  const least = Math.ceil(minLots / lotIncrement) * lotIncrement;
  return Math.min(Math.max(lots, least), Math.floor(maxLots / lotIncrement) * lotIncrement);
}
