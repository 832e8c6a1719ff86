import { InvalidInputError } from "@pitlane/perf";

/** Venues whose contracts are worth a fixed amount of USD and are paid in coins, as we and as tardis.dev name them. */
const INVERSE_VENUES: ReadonlySet<string> = new Set(["binance-coinm", "binance-delivery"]);

/** A symbol that only they have, in a table or in a file's name. */
const INVERSE_SYMBOL = /USD_(?:PERP|\d{6})$/i;
const INVERSE_FILE = /(?:^|[^A-Za-z0-9])[A-Z0-9]+USD_PERP(?![A-Za-z0-9])/i;

/** What tells whose data it is: each where it is known. */
interface DataNames {
  readonly venue?: string;
  readonly symbol?: string | undefined;
  readonly file?: string;
}

/**
 * Refuses data of inverse contracts. A backtest counts sizes in the base asset: 2 contracts of BTC/USD, 100 USD each, would be valued as
 * 2 bitcoins. Pure.
 *
 * @param where The file or the instrument, for the message.
 * @throws {InvalidInputError} When the venue or the symbol is of such contracts.
 */
export function refuseInverse(where: string, { venue = "", symbol = "", file = "" }: DataNames): void {
  if (!INVERSE_VENUES.has(venue) && !INVERSE_SYMBOL.test(symbol) && !INVERSE_FILE.test(file)) return;
  throw new InvalidInputError(
    `${where}: is of COIN-M futures (${symbol || file || venue}), whose sizes are contracts of a fixed amount of USD, paid in coins: a backtest would count them as coins. Take spot or USD-M data of the same market; pitlane verify reads the streams of a recording all the same`,
  );
}
