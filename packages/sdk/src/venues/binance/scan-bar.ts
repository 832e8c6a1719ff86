import { ASSET_DECIMALS, type Instrument } from "../../model/instrument.ts";
import type { BarFrame } from "./frames.ts";
import { scanDecimal, scanFlag, scanInteger, scanKey, skipExactly, skipInteger, skipText } from "./scan.ts";
import { isEnd, type ScanTarget } from "./scan-frames.ts";

/** `kline` of spot and futures; its interval is the stream's and not set here. */
export function scanBar(
  data: Uint8Array,
  at: number,
  { instrument, symbol }: ScanTarget,
  bar: BarFrame,
  out: Float64Array,
): boolean {
  let seen = 0;
  for (;;) {
    const key = scanKey(data, at);
    at += 4;
    let bit = 0;
    switch (key) {
      case 0x6b: // k
        at = scanKline(data, at, instrument, out);
        bit = 1;
        break;
      case 0x45: // E
        at = scanInteger(data, at, out, 0);
        bit = 2;
        break;
      case 0x73: // s
        at = skipExactly(data, at, symbol);
        bit = 4;
        break;
      case 0x65: // e
        at = skipText(data, at);
        break;
      default:
        return false;
    }
    if (at < 0 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (data[at] !== 44) break;
    at++;
  }
  const prices = (out[2] as number) + (out[3] as number) + (out[4] as number) + (out[5] as number);
  if (seen !== 7 || !isEnd(data, at) || Number.isNaN(prices + (out[7] as number))) return false;
  bar.startUs = (out[1] as number) * 1000;
  bar.openTicks = out[2] as number;
  bar.highTicks = out[3] as number;
  bar.lowTicks = out[4] as number;
  bar.closeTicks = out[5] as number;
  bar.volumeLots = out[6] as number;
  bar.quoteVolume = BigInt(out[7] as number);
  bar.trades = out[8] as number;
  bar.isClosed = out[9] === 1;
  bar.venueAtUs = (out[0] as number) * 1000;
  return true;
}

/** The object `k`; -1 where it is not complete. */
function scanKline(
  data: Uint8Array,
  at: number,
  { priceDecimals, sizeDecimals }: Instrument,
  out: Float64Array,
): number {
  if (data[at] !== 123) return -1;
  let seen = 0;
  do {
    const key = scanKey(data, ++at);
    at += 4;
    let bit = 0;
    switch (key) {
      case 0x74: // t
        at = scanInteger(data, at, out, 1);
        bit = 1;
        break;
      case 0x6f: // o
        at = scanDecimal(data, at, priceDecimals, false, out, 2);
        bit = 2;
        break;
      case 0x68: // h
        at = scanDecimal(data, at, priceDecimals, false, out, 3);
        bit = 4;
        break;
      case 0x6c: // l
        at = scanDecimal(data, at, priceDecimals, false, out, 4);
        bit = 8;
        break;
      case 0x63: // c
        at = scanDecimal(data, at, priceDecimals, false, out, 5);
        bit = 16;
        break;
      case 0x76: // v
        at = scanDecimal(data, at, sizeDecimals, true, out, 6);
        bit = 32;
        break;
      case 0x71: // q; a sum beyond 2^53 units is left to JSON.parse
        at = scanDecimal(data, at, ASSET_DECIMALS, false, out, 7);
        bit = 64;
        break;
      case 0x6e: // n
        at = scanInteger(data, at, out, 8);
        bit = 128;
        break;
      case 0x78: // x
        at = scanFlag(data, at, out, 9);
        bit = 256;
        break;
      case 0x54: // T
      case 0x66: // f and L are -1 in an interval without a trade
      case 0x4c:
        at = skipInteger(data, at);
        break;
      case 0x73: // s
      case 0x69: // i
      case 0x56: // V
      case 0x51: // Q
      case 0x42: // B
        at = skipText(data, at);
        break;
      default:
        return -1;
    }
    if (at < 0 || (seen & bit) !== 0) return -1;
    seen |= bit;
  } while (data[at] === 44);
  return seen === 511 && data[at] === 125 ? at + 1 : -1;
}
