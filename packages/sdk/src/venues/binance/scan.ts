// Readers of JSON values in the bytes of a frame. Each takes the index of a value's first byte and returns the one behind its last,
// or -1 where the bytes are not of the plain form described: the caller then leaves the whole frame to JSON.parse, so "no" may be
// said freely and "yes" only where JSON.parse and the parsers of scale.ts would give the very same value.
//
// Numbers go into `out[slot]`, as a double that a function returns may be boxed. A read beyond the end gives undefined, which no
// comparison here is true of.

// `byte ^ 48` is 0 to 9 for a digit and more for anything else, 30 for a dot, 48 for what lies beyond the end: one comparison tells.

/** A whole number from 0 to 2^53 - 1, written as JSON wants it: no sign, no leading zero, no fraction. */
export function scanInteger(data: Uint8Array, at: number, out: Float64Array, slot: number): number {
  let high = (data[at] as number) ^ 48;
  if (high > 9) return -1;
  let index = at + 1;
  if (high === 0) {
    out[slot] = 0;
    return index; // at another digit, which the caller does not expect there
  }
  // Nine digits at a time fit 32 bits, whose sums are several times as fast as a double's.
  const highEnd = at + 9;
  for (; index < highEnd; index++) {
    const digit = (data[index] as number) ^ 48;
    if (digit > 9) {
      out[slot] = high;
      return index;
    }
    high = (Math.imul(high, 10) + digit) | 0;
  }
  let low = 0;
  let scale = 1;
  const lowEnd = at + 18;
  for (; index < lowEnd; index++) {
    const digit = (data[index] as number) ^ 48;
    if (digit > 9) break;
    low = (Math.imul(low, 10) + digit) | 0;
    scale = Math.imul(scale, 10);
  }
  const value = high * scale + low;
  if (index === lowEnd || value > 9_007_199_254_740_991) return -1;
  out[slot] = value;
  return index;
}

/**
 * Decimal text in quotes as a whole number of 10^-decimals; non-zero digits beyond them make it NaN. -1 beyond 2^53 - 1.
 *
 * @param isCut - Digits beyond `decimals` are dropped instead.
 */
export function scanDecimal(
  data: Uint8Array,
  at: number,
  decimals: number,
  isCut: boolean,
  out: Float64Array,
  slot: number,
): number {
  if (data[at] !== 34) return -1;
  const start = at + 1;
  let index = start;
  let value = 0;
  let digit = (data[index] as number) ^ 48;
  while (digit <= 9) {
    value = (Math.imul(value, 10) + digit) | 0;
    digit = (data[++index] as number) ^ 48;
  }
  const whole = index - start;
  if (whole === 0) return -1;
  if (whole + decimals > 9) return scanLongDecimal(data, start, decimals, isCut, out, slot);
  let left = decimals;
  if (digit === 30) {
    digit = (data[++index] as number) ^ 48;
    if (digit > 9) return -1;
    for (; left > 0 && digit <= 9; left--) {
      value = (Math.imul(value, 10) + digit) | 0;
      digit = (data[++index] as number) ^ 48;
    }
    // Most prices and sizes are filled up with zeros to eight decimals.
    while (digit === 0) digit = (data[++index] as number) ^ 48;
    if (digit <= 9) return endFiner(data, index, isCut, out, slot, value);
  }
  if (data[index] !== 34) return -1;
  for (; left > 0; left--) value = Math.imul(value, 10);
  out[slot] = value;
  return index + 1;
}

/** The rest of a decimal text that has a non-zero digit, at `index`, beyond those that count. */
function endFiner(
  data: Uint8Array,
  at: number,
  isCut: boolean,
  out: Float64Array,
  slot: number,
  value: number,
): number {
  let index = at + 1;
  while (((data[index] as number) ^ 48) <= 9) index++;
  if (data[index] !== 34) return -1;
  out[slot] = isCut ? value : Number.NaN;
  return index + 1;
}

/** As `scanDecimal` from the first digit on, for what does not fit 32 bits. */
function scanLongDecimal(
  data: Uint8Array,
  start: number,
  decimals: number,
  isCut: boolean,
  out: Float64Array,
  slot: number,
): number {
  let index = start;
  let value = 0;
  let left = -1; // decimals not read yet; -1 before the dot
  let isFiner = false;
  for (; ; index++) {
    const digit = (data[index] as number) ^ 48;
    if (digit === 30 && left < 0) {
      if (((data[index + 1] as number) ^ 48) > 9) return -1;
      left = decimals;
    } else if (digit > 9) break;
    else if (left !== 0) {
      value = value * 10 + digit;
      if (left > 0) left--;
    } else if (digit !== 0) isFiner = true;
  }
  for (let zeros = left < 0 ? decimals : left; zeros > 0; zeros--) value *= 10;
  // A sum that was rounded on the way is beyond this too, however it was rounded.
  if (data[index] !== 34 || value > 9_007_199_254_740_991) return -1;
  out[slot] = isFiner && !isCut ? Number.NaN : value;
  return index + 1;
}

/** Text in quotes that is not looked at: printable ASCII without escapes. */
export function skipText(data: Uint8Array, at: number): number {
  if (data[at] !== 34) return -1;
  for (let index = at + 1; ; index++) {
    const byte = data[index] as number;
    if (byte === 34) return index + 1;
    if (!(byte >= 32 && byte <= 126 && byte !== 92)) return -1;
  }
}

/** A whole number that is not looked at, of either sign. */
export function skipInteger(data: Uint8Array, at: number): number {
  let index = data[at] === 45 ? at + 1 : at;
  const first = (data[index] as number) ^ 48;
  if (first > 9) return -1;
  index++;
  if (first !== 0) while (((data[index] as number) ^ 48) <= 9) index++;
  return index;
}

/** `"text"`, byte by byte. */
export function skipExactly(data: Uint8Array, at: number, text: Uint8Array): number {
  const { length } = text;
  if (data[at] !== 34 || data[at + 1 + length] !== 34) return -1;
  for (let i = 0; i < length; i++) if (data[at + 1 + i] !== text[i]) return -1;
  return at + length + 2;
}

/** `true` as 1, `false` as 0. */
export function scanFlag(data: Uint8Array, at: number, out: Float64Array, slot: number): number {
  if (data[at] === 116 && data[at + 1] === 114 && data[at + 2] === 117 && data[at + 3] === 101) {
    out[slot] = 1;
    return at + 4;
  }
  if (data[at] === 102 && data[at + 1] === 97 && data[at + 2] === 108 && data[at + 3] === 115 && data[at + 4] === 101) {
    out[slot] = 0;
    return at + 5;
  }
  return -1;
}

/** The name of a field with its colon, of one or two letters: 0x61 for `"a":`, 0x7075 for `"pu":`. A longer name is -1. */
export function scanKey(data: Uint8Array, at: number): number {
  if (data[at] !== 34) return -1;
  if (data[at + 2] === 34) return data[at + 3] === 58 ? (data[at + 1] as number) : -1;
  if (data[at + 3] !== 34 || data[at + 4] !== 58) return -1;
  return ((data[at + 1] as number) << 8) | (data[at + 2] as number);
}
