import { check } from "./checks.ts";

/** Decimal digits of every asset's smallest unit and of every decimal text on the wire: Binance keeps and shows 8. */
export const UNIT_DECIMALS = 8;

const ZERO = 48;
const NINE = 57;
const DOT = 46;
const PADDING = "00000000";

/**
 * Decimal text as a whole number of 10^-decimals: `tryParseScaled("61.250", 2)` is 6125. Exact; no float is involved.
 *
 * Undefined when `text` is not plain decimal notation, has a non-zero digit beyond `decimals`, or does not fit a safe integer.
 */
export function tryParseScaled(text: string, decimals: number): number | undefined {
  const length = text.length;
  if (length === 0 || text.charCodeAt(0) === DOT || text.charCodeAt(length - 1) === DOT) return undefined;
  let value = 0;
  let fraction = -1; // digits after the dot so far, -1 before it
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (code < ZERO || code > NINE) return undefined;
    if (fraction === decimals) {
      if (code !== ZERO) return undefined;
      continue;
    }
    value = value * 10 + (code - ZERO);
    if (fraction >= 0) fraction++;
  }
  for (let i = Math.max(fraction, 0); i < decimals; i++) value *= 10;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

/** As `tryParseScaled`. @throws {InvalidInputError} Naming `name` and the text where that gives undefined. */
export function parseScaled(name: string, text: string, decimals: number): number {
  const value = typeof text === "string" ? tryParseScaled(text, decimals) : undefined;
  check(value !== undefined, name, `decimal text with at most ${decimals} decimals such as "61.25"`, text);
  return value;
}

/** An amount of an asset, in units of 10^-8, of any size: `parseUnits("free", "1.5")` is 150000000n. @throws {InvalidInputError} Unless it is one. */
export function parseUnits(name: string, text: string): bigint {
  const match = typeof text === "string" ? /^(\d+)(?:\.(\d{1,8})0*)?$/.exec(text) : null;
  check(match !== null, name, 'decimal text with at most 8 decimals such as "1000.5"', text);
  return BigInt(match[1] + (match[2] ?? "").padEnd(UNIT_DECIMALS, "0"));
}

/** How many decimals a step such as "0.00100" has: 3. */
export function decimalsOf(text: string): number {
  const dot = text.indexOf(".");
  return dot < 0 ? 0 : text.slice(dot + 1).replace(/0+$/, "").length;
}

/** `value` units of 10^-decimals (0 to 8) as the venue writes decimals, with 8 of them: `formatScaled(6125, 2)` is "61.25000000". */
export function formatScaled(value: number, decimals: number): string {
  const digits = String(value);
  if (decimals === 0) return `${digits}.${PADDING}`;
  const padded = digits.length > decimals ? digits : digits.padStart(decimals + 1, "0");
  const cut = padded.length - decimals;
  return `${padded.slice(0, cut)}.${padded.slice(cut)}${PADDING.slice(decimals)}`;
}

/** An amount in units of 10^-8 as text with 8 decimals: `formatUnits(150000000n)` is "1.50000000". */
export function formatUnits(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(UNIT_DECIMALS + 1, "0");
  const cut = digits.length - UNIT_DECIMALS;
  return `${units < 0n ? "-" : ""}${digits.slice(0, cut)}.${digits.slice(cut)}`;
}
