import {
  flag,
  integer,
  jsonText,
  listOf,
  nullable,
  number,
  type OpenRecord,
  parser,
  raw,
  record,
  rowOf,
  text,
  timeUs,
} from "./read.ts";

/** A point of the small chart of a trending row. */
export interface SparkPoint {
  readonly atUs: number;
  readonly marketCapSol: number;
}

/**
 * A row of `/new-trending-v2`, 52 columns.
 *
 * Names that begin with `likely` are readings of the captured values which nothing proves; a column of which nobody knows the
 * meaning keeps its number. Percents are 0 to 100, amounts the venue's own floats.
 */
export interface TrendingRow {
  readonly pairAddress: string;
  readonly tokenAddress: string;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly tokenUri: string | null;
  readonly tokenDecimals: number | null;
  /** An open set: `Pump V1`, `Pump AMM`, ... */
  readonly protocol: string | null;
  /** Differs by protocol. */
  readonly protocolDetails: OpenRecord | null;
  readonly createdAtUs: number | null;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
  readonly discord: string | null;
  /** Seen as null only. */
  readonly column14: unknown;
  readonly column15: unknown;
  readonly likelyDexPaid: boolean | null;
  readonly deployerAddress: string | null;
  /** In whole tokens. */
  readonly supply: number | null;
  /** Near to `likelyTop10HoldersPercent`, but not equal. */
  readonly likelyTop10Holders: number | null;
  readonly lpBurned: number | null;
  readonly extra: OpenRecord | null;
  /** `buys` and `sells` together. */
  readonly transactions: number | null;
  readonly volumeSol: number | null;
  /** `priceSol` times `supply`. */
  readonly marketCapSol: number | null;
  readonly buys: number | null;
  readonly sells: number | null;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly priceSol: number | null;
  /** Change of the price over a period, in percent. Which column is which period is one library's word. */
  readonly likelyPriceChange5mPercent: number | null;
  readonly likelyPriceChange1hPercent: number | null;
  readonly likelyPriceChange6hPercent: number | null;
  readonly likelyPriceChange24hPercent: number | null;
  readonly bondingCurvePercent: number | null;
  readonly likelyTop10HoldersPercent: number | null;
  readonly likelyDevHoldsPercent: number | null;
  readonly likelySnipersHoldPercent: number | null;
  readonly likelyInsidersHoldPercent: number | null;
  readonly likelyBundlersHoldPercent: number | null;
  readonly likelyNumHolders: number | null;
  readonly likelyNumBotUsers: number | null;
  readonly sparkline: readonly SparkPoint[] | null;
  readonly likelyUserCount: number | null;
  readonly signature: string | null;
  readonly slot: number | null;
  readonly initialLiquiditySol: number | null;
  readonly initialLiquidityToken: number | null;
  /** Never later than `createdAtUs`. */
  readonly likelyOpenTradingAtUs: number | null;
  readonly pairSolAccount: string | null;
  readonly pairTokenAccount: string | null;
  readonly updatedAtUs: number | null;
}

const readSparkPoint = rowOf<SparkPoint>({ atUs: [0, timeUs], marketCapSol: [1, number] });

const readTrendingRow = rowOf<TrendingRow>({
  pairAddress: [0, text],
  tokenAddress: [1, text],
  tokenName: [2, nullable(text)],
  tokenTicker: [3, nullable(text)],
  tokenImage: [4, nullable(text)],
  tokenUri: [5, nullable(text)],
  tokenDecimals: [6, nullable(integer)],
  protocol: [7, nullable(text)],
  protocolDetails: [8, jsonText(nullable(record))],
  createdAtUs: [9, nullable(timeUs)],
  website: [10, nullable(text)],
  twitter: [11, nullable(text)],
  telegram: [12, nullable(text)],
  discord: [13, nullable(text)],
  column14: [14, raw],
  column15: [15, raw],
  likelyDexPaid: [16, nullable(flag)],
  deployerAddress: [17, nullable(text)],
  supply: [18, nullable(number)],
  likelyTop10Holders: [19, nullable(number)],
  lpBurned: [20, nullable(number)],
  extra: [21, jsonText(nullable(record))],
  transactions: [22, nullable(integer)],
  volumeSol: [23, nullable(number)],
  marketCapSol: [24, nullable(number)],
  buys: [25, nullable(integer)],
  sells: [26, nullable(integer)],
  liquiditySol: [27, nullable(number)],
  liquidityToken: [28, nullable(number)],
  priceSol: [29, nullable(number)],
  likelyPriceChange5mPercent: [30, nullable(number)],
  likelyPriceChange1hPercent: [31, nullable(number)],
  likelyPriceChange6hPercent: [32, nullable(number)],
  likelyPriceChange24hPercent: [33, nullable(number)],
  bondingCurvePercent: [34, nullable(number)],
  likelyTop10HoldersPercent: [35, nullable(number)],
  likelyDevHoldsPercent: [36, nullable(number)],
  likelySnipersHoldPercent: [37, nullable(number)],
  likelyInsidersHoldPercent: [38, nullable(number)],
  likelyBundlersHoldPercent: [39, nullable(number)],
  likelyNumHolders: [40, nullable(integer)],
  likelyNumBotUsers: [41, nullable(integer)],
  sparkline: [42, jsonText(nullable(listOf("point", readSparkPoint)))],
  likelyUserCount: [43, nullable(integer)],
  signature: [44, nullable(text)],
  slot: [45, nullable(integer)],
  initialLiquiditySol: [46, nullable(number)],
  initialLiquidityToken: [47, nullable(number)],
  likelyOpenTradingAtUs: [48, nullable(timeUs)],
  pairSolAccount: [49, nullable(text)],
  pairTokenAccount: [50, nullable(text)],
  updatedAtUs: [51, nullable(timeUs)],
});

const readTrendingRows = listOf("row", readTrendingRow);

/** Rows of `/new-trending-v2`. */
export const parseTrending = parser("new-trending-v2", readTrendingRows);

/** The content of a room `new-trending:PERIOD`: the rows, or an object with them as its `rankings`. */
export const parseTrendingRoom = parser("new-trending room", (content) =>
  readTrendingRows(Array.isArray(content) ? content : record(content)["rankings"]),
);
