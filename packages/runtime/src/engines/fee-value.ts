import { ASSET_DECIMALS, type Fill, type Instrument, notionalUnits } from "@pitlane/sdk";

const ONE_COIN = 10n ** BigInt(ASSET_DECIMALS);

/**
 * A fee in the quote asset's smallest unit, what is paid in base at the fill's own price; undefined for one in a third asset. A fee is worth
 * what it was when it was paid, in every figure: what becomes of the price afterwards is profit or loss, not fee. Pure.
 */
export function feeInQuote(
  { fee, feeAsset, priceTicks }: Pick<Fill, "fee" | "feeAsset" | "priceTicks">,
  instrument: Instrument,
): bigint | undefined {
  if (feeAsset === instrument.quote) return fee;
  if (feeAsset !== instrument.base) return undefined;
  return (fee * notionalUnits(instrument, priceTicks, 10 ** instrument.sizeDecimals)) / ONE_COIN;
}
