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
