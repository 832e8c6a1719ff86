/** The two assets of a symbol; for a future, of the pair it is on. */
export interface Assets {
  readonly base: string;
  readonly quote: string;
}

// Longest first, so that BTCFDUSD is not BTCFD / USD.
const QUOTES: readonly string[] = [
  ...["FDUSD", "RLUSD", "BFUSD"],
  ...[
    "USDT",
    "USDC",
    "TUSD",
    "BUSD",
    "USDP",
    "USDS",
    "USD1",
    "XUSD",
    "AEUR",
    "EURI",
    "IDRT",
    "BIDR",
    "BVND",
    "BKRW",
    "DOGE",
  ],
  ...["BTC", "ETH", "BNB", "XRP", "TRX", "DOT", "SOL", "PAX", "DAI", "VAI", "UST", "USD"],
  ...[
    "EUR",
    "GBP",
    "TRY",
    "BRL",
    "AUD",
    "RUB",
    "UAH",
    "NGN",
    "ZAR",
    "JPY",
    "MXN",
    "ARS",
    "PLN",
    "RON",
    "CZK",
    "COP",
    "IDR",
  ],
];

/**
 * Splits a venue symbol into its assets: by what the venue's exchangeInfo said (`listed`), else by the quote assets Binance
 * has or had, longest first. `undefined` when neither knows it.
 *
 * @example
 * splitSymbol("BTCUSDT"); // { base: "BTC", quote: "USDT" }
 * splitSymbol("BTCUSD_PERP"); // { base: "BTC", quote: "USD" }
 */
export function splitSymbol(symbol: string, listed?: Assets): Assets | undefined {
  if (listed !== undefined) return listed;
  const mark = symbol.indexOf("_"); // a future's contract follows it
  const pair = mark < 0 ? symbol : symbol.slice(0, mark);
  const quote = QUOTES.find((asset) => pair.length > asset.length && pair.endsWith(asset));
  return quote === undefined ? undefined : { base: pair.slice(0, -quote.length), quote };
}
