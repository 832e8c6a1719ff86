import { ASSET_DECIMALS, type Instrument } from "@pitlane/sdk";

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
