import { formatUnits } from "@pitlane/sdk";

/** Adds to the amount of a key. */
export function addAmount<Key>(sums: Map<Key, bigint>, key: Key, units: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + units);
}

/** Amounts as snapshots keep them: the decimal digits of each bigint. */
export function toDigits(amounts: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...amounts].map(([key, units]) => [key, units.toString()]));
}

/** What `toDigits` gave, in place of all that was in `amounts`. */
export function fromDigits(amounts: Map<string, bigint>, record: Readonly<Record<string, string>>): void {
  amounts.clear();
  for (const [key, units] of Object.entries(record)) amounts.set(key, BigInt(units));
}

/** Amounts by asset as decimal text, assets in order. */
export function toDecimals(amounts: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([asset, units]) => [asset, formatUnits(units)]),
  );
}

/**
 * Decimal text with so many digits after the dot. Halves are rounded away from zero, as on statements of account, and what rounds to
 * nothing has no sign. Exact: no float is involved. Pure.
 *
 * @example
 * roundDecimal("-0.3158", 2); // "-0.32"
 */
export function roundDecimal(text: string, digits: number): string {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const kept = BigInt(whole + fraction.slice(0, digits).padEnd(digits, "0"));
  const units = (fraction[digits] ?? "0") >= "5" ? kept + 1n : kept;
  const shown = units.toString().padStart(digits + 1, "0");
  const dot = shown.length - digits;
  const sign = text.startsWith("-") && units !== 0n ? "-" : "";
  return `${sign}${shown.slice(0, dot)}${digits === 0 ? "" : `.${shown.slice(dot)}`}`;
}
