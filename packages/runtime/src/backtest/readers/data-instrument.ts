import { InvalidInputError } from "@pitlane/perf";
import { type Instrument, parseUnits } from "@pitlane/sdk";
import type { Step } from "./decimal-scale.ts";

/** What the caller says of data that does not say it itself. */
export interface InstrumentHints {
  /** `AAA/BBB`; needed where neither the data nor the file's name tells it. */
  readonly symbol?: string | undefined;
  /** Step of prices, such as 0.01; the finest of the data unless told. */
  readonly tick?: Step | undefined;
  /** Step of sizes; the finest of the data unless told. */
  readonly lot?: Step | undefined;
  /** Smallest price x size of an order, in quote units of 10^-8; as the paper exchange has it unless told. */
  readonly minNotional?: bigint | undefined;
}

const QUOTES = [
  "USDT",
  "USDC",
  "FDUSD",
  "BUSD",
  "TUSD",
  "USD",
  "EUR",
  "GBP",
  "TRY",
  "JPY",
  "BTC",
  "ETH",
  "BNB",
] as const;
const SMALL_NOTIONAL_QUOTES: ReadonlySet<string> = new Set(["BTC", "ETH", "BNB"]);

/** Two assets of `AAA/BBB` or of a venue's `AAABBB`, `AAA-BBB`, `AAA_BBB`; undefined when the text is none. */
export function assetsOf(text: string): { readonly base: string; readonly quote: string } | undefined {
  const upper = text.toUpperCase();
  const parts = /^([A-Z0-9]{1,20})[/_-]([A-Z0-9]{2,20})$/.exec(upper);
  if (parts !== null && QUOTES.some((quote) => parts[2] === quote || text.includes("/")))
    return { base: parts[1] as string, quote: parts[2] as string };
  if (!/^[A-Z0-9]{5,25}$/.test(upper)) return undefined;
  const quote = QUOTES.find((one) => upper.endsWith(one) && upper.length > one.length + 1);
  return quote === undefined ? undefined : { base: upper.slice(0, -quote.length), quote };
}

/** The assets that a file's name tells (`binance-ethusdt-1m.csv.gz`, `eth-usdt.csv`); undefined when it tells none, or several. */
export function assetsInName(file: string): ReturnType<typeof assetsOf> {
  const parts = file.replace(/\.(csv|txt|gz)/gi, "").split(/[^A-Za-z0-9]+/);
  const found = parts.flatMap((part, i) => {
    const next = parts[i + 1]?.toUpperCase() ?? "";
    // BTC and its like after a name are rather the base of the data, whose name comes first: binance-btc-1m.
    const isQuote = (QUOTES as readonly string[]).includes(next) && !SMALL_NOTIONAL_QUOTES.has(next);
    const assets = isQuote ? assetsOf(`${part}-${next}`) : /[A-Za-z]/.test(part) ? assetsOf(part) : undefined;
    return assets === undefined ? [] : [assets];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** The smallest notional that the paper exchange asks for: 5 quote units, 0.0001 of BTC, ETH and BNB. */
export function usualMinNotional(quote: string): bigint {
  return parseUnits(SMALL_NOTIONAL_QUOTES.has(quote) ? "0.0001" : "5");
}

/** The instrument of a table: its scales are those of the numbers, its other rules the paper exchange's. */
export function dataInstrument(
  { base, quote }: { readonly base: string; readonly quote: string },
  venue: string,
  price: Step,
  size: Step,
  { minNotional = usualMinNotional(quote) }: InstrumentHints,
): Instrument {
  const symbol = `${base}/${quote}`;
  return {
    id: `${venue}:${symbol}`,
    venue,
    symbol,
    venueSymbol: `${base}${quote}`,
    base,
    quote,
    trading: true,
    priceDecimals: price.decimals,
    sizeDecimals: size.decimals,
    tickIncrement: price.increment,
    lotIncrement: size.increment,
    minLots: size.increment,
    maxLots: Number.MAX_SAFE_INTEGER,
    minNotional,
  };
}

/** An instrument that a recording describes, with coarser steps where the caller says so. @throws {InvalidInputError} When they are finer or do not fit. */
export function withHints(instrument: Instrument, { tick, lot, minNotional }: InstrumentHints): Instrument {
  const { priceDecimals, sizeDecimals } = instrument;
  const tickIncrement =
    tick === undefined ? instrument.tickIncrement : unitsOf("--tick", tick, priceDecimals, instrument);
  const lotIncrement = lot === undefined ? instrument.lotIncrement : unitsOf("--lot", lot, sizeDecimals, instrument);
  return {
    ...instrument,
    tickIncrement,
    lotIncrement,
    minLots: Math.max(instrument.minLots, lotIncrement),
    ...(minNotional === undefined ? {} : { minNotional }),
  };
}

function unitsOf(flag: string, { decimals, increment }: Step, own: number, { id }: Instrument): number {
  if (decimals <= own) return increment * 10 ** (own - decimals);
  throw new InvalidInputError(
    `${flag} has ${decimals} decimals, but the data of ${id} has ${own}: give a step of at most ${own} decimals`,
  );
}
