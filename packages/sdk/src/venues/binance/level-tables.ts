// What scan-levels.wat knows numbers by; the picture is there. A table is for one way to write a number: so many digits behind the dot,
// of which so many count. Venues keep to one for all prices of an instrument, and to one for its sizes.

const ROW_BYTES = 48; // template, limit, order: 16 bytes each
const ROWS = 9; // for 0 to 8 digits before the dot; the first and the last stay zeros, which no text fits
const BEHIND_AT = 432; // ROWS * ROW_BYTES, written out: bundlers keep a constant that is worked out, wanted or not
const TABLE_BYTES = 448; // BEHIND_AT + 16
const MOST_DIGITS = 8; // behind the dot; 7 before it and 8 behind are less than 2^53

/** All 2 * 9 * 9 tables that there can be, filled in when one is asked for first. */
export const TABLES_BYTES = 72_576;

/**
 * Address of the table for numbers with `digits` behind the dot (0: they have none) in units of 10^-decimals; 0 when there is none such.
 *
 * @param isCut - Digits beyond `decimals` are dropped; otherwise they must be zeros.
 * @param bytes - The memory. @param base - Where the tables begin in it: a multiple of 4, more than 0.
 */
export function levelTable(bytes: Uint8Array, base: number, digits: number, decimals: number, isCut: boolean): number {
  if (digits > MOST_DIGITS || decimals > MOST_DIGITS) return 0;
  const at = base + (((isCut ? 1 : 0) * (MOST_DIGITS + 1) + digits) * (MOST_DIGITS + 1) + decimals) * TABLE_BYTES;
  if (bytes[at + ROW_BYTES] === 0) {
    for (let whole = 1; whole < ROWS - 1; whole++)
      writeRow(bytes, at + whole * ROW_BYTES, whole, digits, decimals, isCut);
    bytes[at + BEHIND_AT] = digits === 0 ? 0 : digits + 1;
  }
  return at;
}

/** The row for `whole` digits before the dot. */
function writeRow(
  bytes: Uint8Array,
  template: number,
  whole: number,
  digits: number,
  decimals: number,
  isCut: boolean,
): void {
  const limit = template + 16;
  const order = template + 32;
  for (let i = 0; i < 16; i++) {
    const behindDot = i - whole; // 1 for the first of these digits
    bytes[template + i] = behindDot !== 0 ? 48 : digits === 0 ? 34 : 46; // without a dot the quote is there
    if (behindDot === 0) bytes[limit + i] = 0;
    else if (behindDot > digits) bytes[limit + i] = 255;
    else bytes[limit + i] = behindDot <= decimals || isCut ? 9 : 0;
    const digit = i - (16 - whole - decimals); // its place in the number: the last one is of 10^-decimals
    const place = digit < whole ? digit : digit + 1; // its place in the text: behind the dot, if it is
    bytes[order + i] = digit < 0 || digit >= whole + digits ? 128 : place; // 128 gives a zero
  }
}
