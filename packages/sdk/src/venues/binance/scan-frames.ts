import type { Instrument } from "../../model/instrument.ts";
import type { FrameMemory } from "./frame-memory.ts";
import type { QuoteFrame, TradeFrame } from "./frames.ts";
import { scanDecimal, scanFlag, scanInteger, scanKey, skipExactly, skipInteger, skipText } from "./scan.ts";
import { type LevelForm, scanLevels } from "./scan-levels.ts";

// One reader for each kind of frame; bars have theirs in scan-bar.ts. `at` is the index behind `"data":{`; true means that the whole frame was of the documented
// form and the result holds what JSON.parse would have given. After false the result is worth nothing.
//
// Fields may come in any order, as spot, futures and COIN-M differ in it; each that is used may come once. `seen` has a bit for each.
// The case labels are the letters of the names: 0x7075 is "pu".

/** What a frame must fit beside its form. */
export interface ScanTarget {
  readonly instrument: Instrument;
  /** Bytes of the instrument's `venueSymbol`. */
  readonly symbol: Uint8Array;
  readonly form: LevelForm;
}

/** `depthUpdate` of spot and futures, into the memory's diff. @param memory - Holds the same bytes as `data`. */
export function scanDepth(
  data: Uint8Array,
  memory: FrameMemory,
  at: number,
  { form, symbol }: ScanTarget,
  out: Float64Array,
): boolean {
  let seen = 0;
  let leftOut = 0;
  out[2] = 0; // pu, futures only
  for (;;) {
    const key = scanKey(data, at);
    at += key > 255 ? 5 : 4;
    let bit = 0;
    switch (key) {
      case 0x55: // U
        at = scanInteger(data, at, out, 0);
        bit = 1;
        break;
      case 0x75: // u
        at = scanInteger(data, at, out, 1);
        bit = 2;
        break;
      case 0x7075: // pu
        at = scanInteger(data, at, out, 2);
        bit = 4;
        break;
      case 0x45: // E
        at = scanInteger(data, at, out, 3);
        bit = 8;
        break;
      case 0x73: // s
        at = skipExactly(data, at, symbol);
        bit = 16;
        break;
      case 0x62: // b
        at = scanLevels(data, memory, at, form, memory.bids, out);
        leftOut += out[6] as number;
        bit = 32;
        break;
      case 0x61: // a
        at = scanLevels(data, memory, at, form, memory.asks, out);
        leftOut += out[6] as number;
        bit = 64;
        break;
      case 0x65: // e
      case 0x7073: // ps
        at = skipText(data, at);
        break;
      case 0x54: // T
      case 0x7374: // st
        at = skipInteger(data, at);
        break;
      default:
        return false;
    }
    if (at < 0 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (data[at] !== 44) break;
    at++;
  }
  if ((seen | 4) !== 127 || !isEnd(data, at)) return false;
  const { diff } = memory;
  diff.firstSequence = out[0] as number;
  diff.lastSequence = out[1] as number;
  diff.previousSequence = out[2] as number;
  diff.venueAtUs = (out[3] as number) * 1000;
  diff.leftOut = leftOut;
  return true;
}

/** `bookTicker` of spot and futures. */
export function scanQuote(
  data: Uint8Array,
  at: number,
  { instrument: { priceDecimals, sizeDecimals }, symbol }: ScanTarget,
  quote: QuoteFrame,
  out: Float64Array,
): boolean {
  let seen = 0;
  out[5] = 0; // E, futures only
  for (;;) {
    const key = scanKey(data, at);
    at += key > 255 ? 5 : 4;
    let bit = 0;
    switch (key) {
      case 0x75: // u
        at = scanInteger(data, at, out, 0);
        bit = 1;
        break;
      case 0x62: // b
        at = scanDecimal(data, at, priceDecimals, false, out, 1);
        bit = 2;
        break;
      case 0x42: // B
        at = scanDecimal(data, at, sizeDecimals, true, out, 2);
        bit = 4;
        break;
      case 0x61: // a
        at = scanDecimal(data, at, priceDecimals, false, out, 3);
        bit = 8;
        break;
      case 0x41: // A
        at = scanDecimal(data, at, sizeDecimals, true, out, 4);
        bit = 16;
        break;
      case 0x45: // E
        at = scanInteger(data, at, out, 5);
        bit = 32;
        break;
      case 0x73: // s
        at = skipExactly(data, at, symbol);
        bit = 64;
        break;
      case 0x65: // e
      case 0x7073: // ps
        at = skipText(data, at);
        break;
      case 0x54: // T
      case 0x7374: // st
        at = skipInteger(data, at);
        break;
      default:
        return false;
    }
    if (at < 0 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (data[at] !== 44) break;
    at++;
  }
  if ((seen | 32) !== 127 || !isEnd(data, at)) return false;
  const bidTicks = out[1] as number;
  const askTicks = out[3] as number;
  if (Number.isNaN(bidTicks + askTicks)) return false;
  quote.sequence = out[0] as number;
  quote.bidTicks = bidTicks;
  quote.bidLots = out[2] as number;
  quote.askTicks = askTicks;
  quote.askLots = out[4] as number;
  quote.venueAtUs = (out[5] as number) * 1000;
  return true;
}

/** `trade` and `aggTrade` of spot and futures. */
export function scanTrade(
  data: Uint8Array,
  at: number,
  { instrument: { priceDecimals, sizeDecimals }, symbol }: ScanTarget,
  isAggregate: boolean,
  trade: TradeFrame,
  out: Float64Array,
): boolean {
  const idKey = isAggregate ? 0x61 : 0x74; // a, t; a trade's "a" and "b" were the order ids
  let seen = 0;
  for (;;) {
    const key = scanKey(data, at);
    at += key > 255 ? 5 : 4;
    let bit = 0;
    if (key === idKey) {
      at = scanInteger(data, at, out, 0);
      bit = 1;
    } else {
      switch (key) {
        case 0x70: // p
          at = scanDecimal(data, at, priceDecimals, false, out, 1);
          bit = 2;
          break;
        case 0x71: // q
          at = scanDecimal(data, at, sizeDecimals, true, out, 2);
          bit = 4;
          break;
        case 0x54: // T
          at = scanInteger(data, at, out, 3);
          bit = 8;
          break;
        case 0x6d: // m
          at = scanFlag(data, at, out, 4);
          bit = 16;
          break;
        case 0x73: // s
          at = skipExactly(data, at, symbol);
          bit = 32;
          break;
        case 0x4d: // M
          at = scanFlag(data, at, out, 5);
          break;
        case 0x65: // e
        case 0x58: // X
        case 0x7073: // ps
        case 0x6e71: // nq
          at = skipText(data, at);
          break;
        case 0x45: // E
        case 0x66: // f
        case 0x6c: // l
        case 0x61: // a
        case 0x62: // b
        case 0x7374: // st
          at = skipInteger(data, at);
          break;
        default:
          return false;
      }
    }
    if (at < 0 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (data[at] !== 44) break;
    at++;
  }
  const priceTicks = out[1] as number;
  if (seen !== 63 || !isEnd(data, at) || Number.isNaN(priceTicks)) return false;
  trade.tradeId = out[0] as number;
  trade.isAggregate = isAggregate;
  trade.priceTicks = priceTicks;
  trade.sizeLots = out[2] as number;
  trade.isBuyerMaker = out[4] === 1;
  trade.venueAtUs = (out[3] as number) * 1000;
  return true;
}

/** Whether `}}` closes the data and the frame, and nothing follows. */
export function isEnd(data: Uint8Array, at: number): boolean {
  return data[at] === 125 && data[at + 1] === 125 && at + 2 === data.length;
}
