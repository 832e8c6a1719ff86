import type { Levels } from "../../book/levels.ts";
import type { Instrument } from "../../model/instrument.ts";
import { scanDecimal } from "./scan.ts";

// Nearly all bytes of a market stream are levels, so their digits are read four at a time: as one word of 32 bits, the first of them
// in its low byte.
//
//   text       6 1 . 2      bytes 36 31 2e 32
//   word       ^ 30303030   bytes 06 01 1e 02     0 to 9 for a digit, more for any other byte
//   others     bit 7        bytes 00 00 80 ..     the lowest bit set is in the first byte that is no digit

const POWERS = Float64Array.of(1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8);

/** 0 when all four are digits. What is above the lowest bit means nothing, as a byte may carry into the next. */
function othersIn(word: number): number {
  return (word | (word + 0x76767676)) & 0x80808080;
}

/** The number that four digits are: into pairs, then the pairs into one. */
function fourDigits(word: number): number {
  return Math.imul((Math.imul(word, 0x0a01) >>> 8) & 0x00ff00ff, 0x0064_0001) >>> 16;
}

/** The digits of `word` before `first`, the lowest bit of its others, and zeros behind them. */
function digitsBefore(first: number, word: number): number {
  return word & ((first >>> 7) - 1);
}

/**
 * `[["price","size"],...]` into `levels`; how many prices lay between two ticks goes into `out[6]`. Answers as the readers of scan.ts.
 *
 * Numbers of up to seven digits before the dot and eight behind it are read here, others by `scanDecimal`. Prices and sizes go by
 * turns through one loop, as a call for each would cost as much as reading it, and `| 0` keeps indices free of checks.
 *
 * @param view - Of the same bytes as `data`, and of at least twelve more.
 */
export function scanLevels(
  data: Uint8Array,
  view: DataView,
  at: number,
  { priceDecimals, sizeDecimals }: Instrument,
  levels: Levels,
  out: Float64Array,
): number {
  levels.clear();
  out[6] = 0;
  if (data[at] !== 91) return -1;
  if (data[at + 1] === 93) return at + 2;
  if (data[at + 1] !== 91 || data[at + 2] !== 34) return -1;
  const isCoarse = priceDecimals <= 8 && sizeDecimals <= 8;
  const ticksInOne = POWERS[priceDecimals] ?? 1;
  const lotsInOne = POWERS[sizeDecimals] ?? 1;
  // A fraction is read as a number of 1e-8.
  const partsInTick = 1e8 / ticksInOne;
  const tickPerPart = ticksInOne / 1e8;
  const lotPerPart = lotsInOne / 1e8;
  let leftOut = 0;
  let ticks = 0;
  let index = at + 3; // behind the quote
  for (let isPrice = true; ; isPrice = !isPrice) {
    const start = index;
    let word = view.getInt32(index, true) ^ 0x30303030;
    let others = othersIn(word);
    let whole = 0;
    if (others === 0) {
      whole = fourDigits(word);
      index = (index + 4) | 0;
      word = view.getInt32(index, true) ^ 0x30303030;
      others = othersIn(word);
    }
    const unused = Math.clz32(others & -others); // 24, 16, 8, 0 bits for 0 to 3 digits
    if (whole !== 0) whole = Math.imul(whole, unused === 16 ? 10 : unused === 8 ? 100 : unused === 0 ? 1_000 : 1);
    whole = (whole + fourDigits((word << unused) << 8)) | 0;
    index = (index + 3 - (unused >>> 3)) | 0;
    let parts = 0;
    if (view.getUint8(index) === 46) {
      const high = view.getInt32((index + 1) | 0, true) ^ 0x30303030;
      const low = view.getInt32((index + 5) | 0, true) ^ 0x30303030;
      const highOthers = othersIn(high);
      const lowOthers = othersIn(low);
      if ((highOthers | lowOthers) === 0) {
        parts = (Math.imul(fourDigits(high), 10_000) + fourDigits(low)) | 0;
        index = (index + 9) | 0;
      } else if (highOthers === 0) {
        const first = lowOthers & -lowOthers;
        parts = (Math.imul(fourDigits(high), 10_000) + fourDigits(digitsBefore(first, low))) | 0;
        index = (index + 8 - (Math.clz32(first) >>> 3)) | 0;
      } else {
        const first = highOthers & -highOthers;
        parts = Math.imul(fourDigits(digitsBefore(first, high)), 10_000);
        index = first === 0x80 ? start : (index + 4 - (Math.clz32(first) >>> 3)) | 0; // a dot needs a digit
      }
    }
    let value = 0;
    if (isCoarse && others !== 0 && view.getUint8(index) === 34 && (view.getUint8(start) ^ 48) <= 9) {
      const kept = ((parts + 0.5) * (isPrice ? tickPerPart : lotPerPart)) | 0; // the half outweighs any rounding
      value = whole * (isPrice ? ticksInOne : lotsInOne) + kept;
      if (isPrice && kept * partsInTick !== parts) value = Number.NaN;
    } else {
      index = scanDecimal(data, start - 1, isPrice ? priceDecimals : sizeDecimals, !isPrice, out, 4) - 1;
      if (index < 0) return -1;
      value = out[4] as number;
    }
    const behind = view.getInt32(index, true);
    if (isPrice) {
      if (behind << 8 !== 0x222c_2200) return -1; // ","
      index = (index + 3) | 0;
      ticks = value;
    } else {
      if (Number.isNaN(ticks)) leftOut++;
      else levels.push(ticks, value);
      if (behind !== 0x5b2c_5d22) break; // "],[
      if (view.getUint8((index + 4) | 0) !== 34) return -1;
      index = (index + 5) | 0;
    }
  }
  out[6] = leftOut;
  return view.getUint8(index + 1) === 93 && view.getUint8(index + 2) === 93 ? index + 3 : -1;
}
