import type { Fill, Instrument } from "@pitlane/sdk";
import fc from "fast-check";
import { testInstrument } from "../../src/testing.ts";

/** Three instruments round a triangle, and the first of them on a second venue. */
export const aaaUsdt = testInstrument();
export const bbbUsdt = testInstrument({ symbol: "BBB/USDT", base: "BBB", sizeDecimals: 5 });
export const aaaBbb = testInstrument({ symbol: "AAA/BBB", quote: "BBB", priceDecimals: 6, sizeDecimals: 2 });
export const elsewhere: Instrument = { ...aaaUsdt, id: "other:AAA/USDT", venue: "other", sizeDecimals: 10 };
export const instruments: readonly Instrument[] = [aaaUsdt, bbbUsdt, aaaBbb, elsewhere];

/** A fill of `aaaUsdt` unless told otherwise. */
export function testFill(
  side: "buy" | "sell",
  priceTicks: number,
  sizeLots: number,
  { fee = 0n, feeAsset = "USDT", instrument = aaaUsdt }: Partial<Pick<Fill, "fee" | "feeAsset" | "instrument">> = {},
): Fill {
  const about = { instrument, clientOrderId: "a", venueOrderId: "1", tradeId: "1", isMaker: false, atUs: 0 };
  return { ...about, side, priceTicks, sizeLots, fee, feeAsset };
}

/** A fill with the strategy it is of. */
export interface OwnedFill {
  readonly owner: number;
  readonly fill: Fill;
}

/** Fills of three strategies over all instruments, fees in the base, the quote or a third asset. */
export const arbitraryFills: fc.Arbitrary<readonly OwnedFill[]> = fc.array(
  fc
    .record({
      owner: fc.integer({ min: 0, max: 2 }),
      instrument: fc.constantFrom(...instruments),
      side: fc.constantFrom("buy" as const, "sell" as const),
      priceTicks: fc.integer({ min: 1, max: 5_000_000 }),
      sizeLots: fc.integer({ min: 1, max: 5_000_000 }),
      fee: fc.bigInt({ min: 0n, max: 10n ** 12n }),
      feeIn: fc.constantFrom("base", "quote", "BNB"),
    })
    .map(({ owner, instrument, side, priceTicks, sizeLots, fee, feeIn }) => {
      const feeAsset = feeIn === "base" ? instrument.base : feeIn === "quote" ? instrument.quote : "BNB";
      return { owner, fill: testFill(side, priceTicks, sizeLots, { fee, feeAsset, instrument }) };
    }),
  { maxLength: 80 },
);
