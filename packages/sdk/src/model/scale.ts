import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { shown } from "../checks.ts";
import { ASSET_DECIMALS, type Instrument } from "./instrument.ts";

const ZERO = 48;
const DOT = 46;

/**
 * Decimal text as a whole number of 10^-decimals: `parseScaled("61.250", 2)` is 6125. Exact; no float is involved.
 *
 * @throws {InvalidInputError} When `text` is not plain decimal notation, has a non-zero digit beyond `decimals`, or does not
 * fit a safe integer, or `decimals` is not a whole number from 0 to 100.
 */
export function parseScaled(text: string, decimals: number): number {
  integerInRange("decimals", decimals, 0, 100);
  let value = 0;
  let fraction = -1; // digits after the dot so far, -1 before it
  const length = typeof text === "string" ? text.length : 0; // what is no text ends as text without digits does
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && fraction < 0 && i > 0) {
      fraction = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) throw notDecimal(text);
    if (fraction === decimals) {
      if (digit !== 0) throw new InvalidInputError(`"${text}" has more than ${decimals} decimals`);
      continue;
    }
    value = value * 10 + digit;
    if (fraction >= 0) fraction++;
  }
  if (length === 0 || text.charCodeAt(length - 1) === DOT) throw notDecimal(text);
  for (let i = Math.max(fraction, 0); i < decimals; i++) value *= 10;
  if (value > Number.MAX_SAFE_INTEGER)
    throw new InvalidInputError(`"${text}" does not fit ${decimals} decimals exactly`);
  return value;
}

/** As `parseScaled`, for amounts of any size and sign. @throws {InvalidInputError} As `parseScaled`, but for size. */
export function parseUnits(text: string, decimals: number = ASSET_DECIMALS): bigint {
  integerInRange("decimals", decimals, 0, 100);
  const match = typeof text === "string" ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) : null;
  if (match === null) throw notDecimal(text);
  const fraction = match[3] ?? "";
  if (/[1-9]/.test(fraction.slice(decimals)))
    throw new InvalidInputError(`"${text}" has more than ${decimals} decimals`);
  const units = BigInt(match[2] + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return match[1] === "-" ? -units : units;
}

/**
 * Plain decimal text of `value` units of 10^-decimals, without trailing zeros: `formatScaled(6125, 3)` is "6.125".
 *
 * @throws {InvalidInputError} When `value` is a number that is not whole or not exact, or `decimals` is not a whole number from 0 to
 * 100.
 */
export function formatScaled(value: number | bigint, decimals: number): string {
  if (!Number.isSafeInteger(value) && typeof value !== "bigint") {
    throw new InvalidInputError(`value must be a whole number up to 2^53 - 1, or a bigint, got ${shown(value)}`);
  }
  integerInRange("decimals", decimals, 0, 100);
  const negative = value < 0;
  const digits = String(negative ? -value : value).padStart(decimals + 1, "0");
  const dot = digits.length - decimals;
  let end = digits.length;
  while (end > dot && digits.charCodeAt(end - 1) === ZERO) end--;
  const whole = digits.slice(0, dot);
  return (negative ? "-" : "") + (end === dot ? whole : `${whole}.${digits.slice(dot, end)}`);
}

/** Decimal text of an amount in the asset's smallest unit. */
export function formatUnits(units: bigint): string {
  return formatScaled(units, ASSET_DECIMALS);
}

/**
 * Price x size in the quote asset's smallest unit; a part below it is dropped, as the venue does.
 *
 * @throws {InvalidInputError} When a number is not whole and exact, or the instrument is none.
 */
export function notionalUnits(instrument: Instrument, priceTicks: number, sizeLots: number): bigint {
  const decimals = decimalsOf(instrument?.priceDecimals + instrument?.sizeDecimals);
  const product = wholeOf("priceTicks", priceTicks) * wholeOf("sizeLots", sizeLots);
  return decimals <= ASSET_DECIMALS
    ? product * 10n ** BigInt(ASSET_DECIMALS - decimals)
    : product / 10n ** BigInt(decimals - ASSET_DECIMALS);
}

/** A size in the base asset's smallest unit; a part below it is dropped. Throws as `notionalUnits`. */
export function baseUnits(instrument: Instrument, sizeLots: number): bigint {
  const decimals = decimalsOf(instrument?.sizeDecimals);
  const lots = wholeOf("sizeLots", sizeLots);
  return decimals <= ASSET_DECIMALS
    ? lots * 10n ** BigInt(ASSET_DECIMALS - decimals)
    : lots / 10n ** BigInt(decimals - ASSET_DECIMALS);
}

// BigInt takes text and dates, and its own errors name no field.
function wholeOf(name: string, value: number): bigint {
  return BigInt(integerInRange(name, value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
}

function decimalsOf(decimals: number): number {
  return integerInRange("the instrument's decimals", decimals, 0, 100);
}

function notDecimal(text: unknown): InvalidInputError {
  return new InvalidInputError(`${shown(text)} is not a plain decimal number such as 61.25`);
}
