import {
  integer,
  listOf,
  type MoreFields,
  mapOf,
  nullable,
  number,
  objectOf,
  parser,
  record,
  rowOf,
  text,
  timeUs,
} from "./read.ts";

export const parseServerTime = parser(
  "server-time",
  objectOf<{ serverTimeUs: number }>({ serverTimeUs: ["serverTime", timeUs] }),
);

export const parseOnlineUsers = parser("online-users-count", objectOf<{ count: number }>({ count: integer }));

/** A message of the venue to everybody; empty when there is none. */
export interface Announcement {
  readonly message: string | null;
  readonly link: string | null;
}

export const parseAnnouncement = parser(
  "get-announcement",
  objectOf<Announcement>({ message: nullable(text), link: nullable(text) }),
);

/** What was traded in a period over a protocol, or over all. Volumes look like USD; fields with `Pct` are the change in percent. */
export interface ProtocolActivity {
  readonly totalTransactions: number | null;
  readonly totalTransactionsPct: number | null;
  readonly totalTraders: number | null;
  readonly totalTradersPct: number | null;
  readonly totalVolume: number | null;
  readonly totalVolumePct: number | null;
  readonly totalTokensCreated: number | null;
  readonly totalTokensCreatedPct: number | null;
  readonly totalMigrations: number | null;
  readonly totalMigrationsPct: number | null;
  readonly totalBuyVolume: number | null;
  readonly totalSellVolume: number | null;
  readonly totalBuyTransactions: number | null;
  readonly totalSellTransactions: number | null;
}

/** Activity by period (`5m`, `1h`, `6h`, `24h`), then by protocol (`All` for all of them). */
export type Lighthouse = ReadonlyMap<string, ReadonlyMap<string, ProtocolActivity & MoreFields>>;

export const parseLighthouse: (value: unknown) => Lighthouse = parser(
  "lighthouse",
  mapOf(
    mapOf(
      objectOf<ProtocolActivity>({
        totalTransactions: nullable(number),
        totalTransactionsPct: nullable(number),
        totalTraders: nullable(number),
        totalTradersPct: nullable(number),
        totalVolume: nullable(number),
        totalVolumePct: nullable(number),
        totalTokensCreated: nullable(number),
        totalTokensCreatedPct: nullable(number),
        totalMigrations: nullable(number),
        totalMigrationsPct: nullable(number),
        totalBuyVolume: nullable(number),
        totalSellVolume: nullable(number),
        totalBuyTransactions: nullable(number),
        totalSellTransactions: nullable(number),
      }),
    ),
  ),
);

const readPrices = mapOf(text);

/** USD prices by coin, as decimal text. The venue has been seen to answer `{}`: the map is then empty. */
export const parseCoinPrices: (value: unknown) => ReadonlyMap<string, string> = parser("coin-prices", (value) =>
  readPrices(record(value)["data"] ?? {}),
);

/** A bar of a chart: prices and volume are the venue's own floats, in the currency that was asked for. */
export interface ChartBar {
  readonly startUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const readBars = listOf(
  "bar",
  rowOf<ChartBar>({
    startUs: [0, timeUs],
    open: [1, number],
    high: [2, number],
    low: [3, number],
    close: [4, number],
    volume: [5, number],
  }),
);

/** Bars of a chart, oldest first: the venue's own order is not known. */
export const parseBars: (value: unknown) => readonly ChartBar[] = parser("pair-chart", (value) =>
  [...readBars(record(value)["bars"])].sort((a, b) => a.startUs - b.startUs),
);
