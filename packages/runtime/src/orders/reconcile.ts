import type { Balance } from "@pitlane/sdk";
import { formatUnits } from "@pitlane/sdk";

/**
 * Compares what we computed from fills with what the venue says, asset by asset.
 *
 * @param expected Totals by asset, in its smallest unit.
 * @returns A sentence for each asset that differs; empty when the accounts agree.
 */
export function compareBalances(
  expected: ReadonlyMap<string, bigint>,
  venue: ReadonlyMap<string, Balance>,
): readonly string[] {
  const assets = new Set([...expected.keys(), ...venue.keys()]);
  const differences: string[] = [];
  for (const asset of [...assets].sort()) {
    const ours = expected.get(asset) ?? 0n;
    const theirs = totalOf(venue.get(asset));
    if (ours !== theirs)
      differences.push(`${asset}: fills give ${formatUnits(ours)}, the venue says ${formatUnits(theirs)}`);
  }
  return differences;
}

/** Free and locked together. */
export function totalOf(balance: Balance | undefined): bigint {
  return balance === undefined ? 0n : balance.free + balance.locked;
}
