import { check, checkList, checkMethods, checkObject } from "./checks.ts";
import type { InstrumentSpec } from "./instruments.ts";
import type { BinanceProduct, Recording } from "./recording/index.ts";

const SMALL_NOTIONAL_QUOTES = new Set(["BTC", "ETH", "BNB"]);
const MAX_SIZE = "9000000";
const PRODUCTS: readonly BinanceProduct[] = ["spot", "usdm", "coinm"];

/** @throws {InvalidInputError} When it is nothing that `openRecording` resolves with: a path, or its promise. */
export function checkRecording(recording: Recording): void {
  checkObject("recording", recording, "what openRecording resolves with, awaited");
  const { product, instruments } = recording;
  checkMethods("recording", recording, "read");
  check(PRODUCTS.includes(product), "recording.product", PRODUCTS.join(" or "), product);
  checkList("recording.instruments", instruments);
  for (const [i, instrument] of instruments.entries()) checkObject(`recording.instruments[${i}]`, instrument);
}

/**
 * The instruments of a recording. Steps are the finest that were recorded; the venue's other rules are not in the data, so orders
 * may be as small as one step and 5 quote units (0.0001 of BTC, ETH and BNB). Only spot takes orders.
 */
export function recordedInstruments({ instruments, product }: Recording): InstrumentSpec[] {
  return instruments.map(({ symbol, base, quote, priceDecimals, sizeDecimals }) => {
    const lotSize = stepOf(sizeDecimals);
    return {
      symbol,
      base,
      quote,
      tickSize: stepOf(priceDecimals),
      lotSize,
      minSize: lotSize,
      maxSize: MAX_SIZE,
      minNotional: SMALL_NOTIONAL_QUOTES.has(quote) ? "0.0001" : "5",
      startPrice: stepOf(priceDecimals), // the model does not trade here
      trading: product === "spot",
    };
  });
}

function stepOf(decimals: number): string {
  return decimals === 0 ? "1" : `0.${"0".repeat(decimals - 1)}1`;
}
