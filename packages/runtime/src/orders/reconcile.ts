import type { Balance, CallControl } from "@pitlane/sdk";
import { formatUnits } from "@pitlane/sdk";
import type { Portfolio } from "../engines/portfolio.ts";
import type { VenueAccount } from "../venue.ts";

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

/**
 * Asks what the account holds and compares it with the portfolio: where the account has the balances of each of its venues, venue by
 * venue, so that two differences cannot cancel each other out.
 *
 * @returns A sentence for each asset that differs; empty when the accounts agree.
 * @throws {RequestError} When the venue could not be asked.
 */
export async function accountDifferences(
  portfolio: Pick<Portfolio, "balances" | "venues">,
  account: VenueAccount,
  control: CallControl = {},
): Promise<readonly string[]> {
  const byVenue = await account.listBalances?.(control);
  if (byVenue === undefined) return compareBalances(portfolio.balances, await account.getBalances(control));
  const names = new Set([...byVenue.keys(), ...portfolio.venues.keys()]);
  return [...names].flatMap((name) =>
    compareBalances(portfolio.venues.get(name) ?? NOTHING, byVenue.get(name) ?? NOTHING).map(
      (difference) => `at ${name}, ${difference}`,
    ),
  );
}

const NOTHING = new Map<string, never>();

/** Free and locked together, by asset. */
export function totalsOf(balances: ReadonlyMap<string, Balance>): ReadonlyMap<string, bigint> {
  return new Map([...balances].map(([asset, balance]) => [asset, totalOf(balance)]));
}

/** Free and locked together. */
function totalOf(balance: Balance | undefined): bigint {
  return balance === undefined ? 0n : balance.free + balance.locked;
}
