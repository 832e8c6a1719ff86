import { integerInRange } from "@pitlane/perf";
import {
  type Columns,
  flag,
  integer,
  integerBelow,
  listOf,
  type MoreColumns,
  nullable,
  number,
  parser,
  type Read,
  raw,
  record,
  rowOf,
  text,
  timeUs,
} from "./read.ts";

/** Tables of the Pulse page. */
export type PulseTable = "newPairs" | "finalStretch" | "migrated";

export const PULSE_TABLES: readonly PulseTable[] = ["newPairs", "finalStretch", "migrated"];

/**
 * A row of a Pulse table, 49 columns. Older servers sent 35 or 43 of them: columns that are not there are null.
 *
 * Percents are 0 to 100, amounts the venue's own floats. Columns whose form no source shows are `unknown`, handed over as they came.
 */
export interface PulseRow {
  readonly pairAddress: string;
  readonly tokenAddress: string | null;
  readonly devAddress: string | null;
  readonly tokenName: string | null;
  readonly tokenTicker: string | null;
  readonly tokenImage: string | null;
  readonly tokenDecimals: number | null;
  readonly protocol: string | null;
  readonly protocolDetails: unknown;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
  readonly discord: string | null;
  readonly top10HoldersPercent: number | null;
  readonly devHoldsPercent: number | null;
  readonly snipersHoldPercent: number | null;
  readonly insidersHoldPercent: number | null;
  readonly bundlersHoldPercent: number | null;
  readonly volumeSol: number | null;
  readonly marketCapSol: number | null;
  readonly feesSol: number | null;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly numTxns: number | null;
  readonly numBuys: number | null;
  readonly numSells: number | null;
  readonly bondingCurvePercent: number | null;
  readonly supply: number | null;
  readonly numHolders: number | null;
  readonly numTradingBotUsers: number | null;
  readonly createdAtUs: number | null;
  readonly extra: unknown;
  readonly slot: number | null;
  readonly migrationCount: number | null;
  readonly openTrading: unknown;
  readonly isPumpLive: boolean | null;
  readonly twitterHandleHistory: unknown;
  readonly devSold: unknown;
  readonly dexPaid: boolean | null;
  readonly devWalletFunding: unknown;
  readonly kolCount: number | null;
  readonly devPairCount: number | null;
  readonly tweetCreatedAt: unknown;
  readonly imgReuseCount: number | null;
  readonly translation: unknown;
  readonly userCount: number | null;
  readonly twitterHandle: string | null;
  readonly twitterFollowers: number | null;
  readonly twitterFollowing: number | null;
}

// The order of the keys is the order of the columns.
const READS: { readonly [K in keyof PulseRow]-?: Read<PulseRow[K]> } = {
  pairAddress: text,
  tokenAddress: nullable(text),
  devAddress: nullable(text),
  tokenName: nullable(text),
  tokenTicker: nullable(text),
  tokenImage: nullable(text),
  tokenDecimals: nullable(integer),
  protocol: nullable(text),
  protocolDetails: raw,
  website: nullable(text),
  twitter: nullable(text),
  telegram: nullable(text),
  discord: nullable(text),
  top10HoldersPercent: nullable(number),
  devHoldsPercent: nullable(number),
  snipersHoldPercent: nullable(number),
  insidersHoldPercent: nullable(number),
  bundlersHoldPercent: nullable(number),
  volumeSol: nullable(number),
  marketCapSol: nullable(number),
  feesSol: nullable(number),
  liquiditySol: nullable(number),
  liquidityToken: nullable(number),
  numTxns: nullable(number),
  numBuys: nullable(number),
  numSells: nullable(number),
  bondingCurvePercent: nullable(number),
  supply: nullable(number),
  numHolders: nullable(number),
  numTradingBotUsers: nullable(number),
  createdAtUs: nullable(timeUs),
  extra: raw,
  slot: nullable(number),
  migrationCount: nullable(number),
  openTrading: raw,
  isPumpLive: nullable(flag),
  twitterHandleHistory: raw,
  devSold: raw,
  dexPaid: nullable(flag),
  devWalletFunding: raw,
  kolCount: nullable(number),
  devPairCount: nullable(number),
  tweetCreatedAt: raw,
  imgReuseCount: nullable(number),
  translation: raw,
  userCount: nullable(number),
  twitterHandle: nullable(text),
  twitterFollowers: nullable(number),
  twitterFollowing: nullable(number),
};

const NAMES = Object.keys(READS) as readonly (keyof PulseRow)[];

/** A row as the Pulse socket, the room `update_pulse_v2` and an older `/pulse` have it. */
export const parsePulseRow: (value: unknown) => PulseRow & MoreColumns = parser(
  "pulse row",
  rowOf<PulseRow>(
    Object.fromEntries(NAMES.map((name, index) => [name, [index, READS[name]]])) as unknown as Columns<PulseRow>,
  ),
);

const parseList = parser("pulse", listOf("item", raw));

/** What an older `/pulse` answers: rows, or objects with the names of the columns. */
export function parsePulseItems(value: unknown): readonly (PulseRow & MoreColumns)[] {
  return parseList(value).map((item) => {
    if (Array.isArray(item)) return parsePulseRow(item);
    const fields = parseObject(item);
    return parsePulseRow(NAMES.map((name) => fields[name === "createdAtUs" ? "createdAt" : name]));
  });
}

const parseObject = parser("pulse item", record);

/** The name of a column; undefined for one beyond those that have a name. @throws {InvalidInputError} When `index` is not whole and 0 or more. */
export function pulseColumn(index: number): keyof PulseRow | undefined {
  integerInRange("index", index, 0, Number.MAX_SAFE_INTEGER);
  return NAMES[index];
}

/** One column of a row that has changed. */
export interface PulseChange {
  readonly index: number;
  readonly value: unknown;
}

const MOST_COLUMNS = 1_000; // far beyond any row, so that a wild index cannot grow one without end

/** The `[index, value]` pairs of a change. */
export const parsePulseChanges: (value: unknown) => readonly PulseChange[] = parser(
  "pulse change",
  listOf("item", rowOf<PulseChange>({ index: [0, integerBelow(MOST_COLUMNS)], value: [1, raw] })),
);

const CHANGED = NAMES.map((name, index) =>
  parser(`pulse change: column ${index} (${name})`, READS[name] as Read<unknown>),
);

/**
 * A row with columns changed; the row itself stays as it is.
 *
 * @throws {ProtocolError} When a value has not the form of its column.
 */
export function changePulseRow(row: PulseRow & MoreColumns, changes: readonly PulseChange[]): PulseRow & MoreColumns {
  const next: Record<string, unknown> = { ...row };
  for (const { index, value } of changes) {
    const name = NAMES[index];
    if (name !== undefined) next[name] = CHANGED[index]?.(value);
    else next["moreColumns"] = withColumn(next["moreColumns"] as readonly unknown[], index - NAMES.length, value);
  }
  return next as unknown as PulseRow & MoreColumns;
}

function withColumn(columns: readonly unknown[], index: number, value: unknown): readonly unknown[] {
  const length = Math.max(columns.length, index + 1);
  return Array.from({ length }, (_, at) => (at === index ? value : (columns[at] ?? null)));
}
