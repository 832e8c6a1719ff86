import type { Side } from "../../../model/order.ts";
import {
  integer,
  listOf,
  type MoreColumns,
  type MoreFields,
  nullable,
  number,
  objectOf,
  parser,
  raw,
  rowOf,
  text,
  timeUs,
  wordOf,
} from "./read.ts";

// The venue tells of trades in three forms: objects with the whole of it, rows of the feed, and rows of the trade rooms.

/** A trade of a pair, or a change of its liquidity. Amounts are the venue's own floats, in whole SOL, USD and tokens. */
export interface PairTransaction {
  readonly signature: string;
  readonly pairAddress: string;
  /** `buy`, `sell`; an open set. */
  readonly type: string;
  readonly createdAtUs: number;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly makerAddress: string | null;
  readonly priceSol: number | null;
  readonly priceUsd: number | null;
  readonly tokenAmount: number | null;
  readonly totalSol: number | null;
  readonly totalUsd: number | null;
}

/** As `/last-transaction` and the feed's older forms have it. */
export interface PairTransactionObject extends PairTransaction {
  readonly innerIndex: number | null;
  readonly outerIndex: number | null;
  readonly feeSol: number | null;
}

const readTransaction = objectOf<PairTransactionObject>({
  signature: text,
  pairAddress: text,
  type: text,
  createdAtUs: ["createdAt", timeUs],
  liquiditySol: nullable(number),
  liquidityToken: nullable(number),
  makerAddress: nullable(text),
  priceSol: nullable(number),
  priceUsd: nullable(number),
  tokenAmount: nullable(number),
  totalSol: nullable(number),
  totalUsd: nullable(number),
  innerIndex: nullable(integer),
  outerIndex: nullable(integer),
  feeSol: ["f", nullable(number)],
});

export const parseLastTransaction: (value: unknown) => (PairTransactionObject & MoreFields) | null = parser(
  "last-transaction",
  nullable(readTransaction),
);

/** The feed's objects: `/transactions-feed`, its `-v2` and `-v3`. */
export const parseTransactions = parser("transactions-feed", listOf("item", readTransaction));

/** The feed's rows, `/transactions-feed-v4`: twelve columns are known, what follows them is not. */
export const parseTransactionRows: (value: unknown) => readonly (PairTransaction & MoreColumns)[] = parser(
  "transactions-feed-v4",
  listOf(
    "row",
    rowOf<PairTransaction>({
      signature: [0, text],
      pairAddress: [1, text],
      type: [2, text],
      createdAtUs: [3, timeUs],
      liquiditySol: [4, nullable(number)],
      liquidityToken: [5, nullable(number)],
      makerAddress: [6, nullable(text)],
      priceSol: [7, nullable(number)],
      priceUsd: [8, nullable(number)],
      tokenAmount: [9, nullable(number)],
      totalSol: [10, nullable(number)],
      totalUsd: [11, nullable(number)],
    }),
  ),
);

/** A trade as the rooms `f:PAIR` and `t:PAIR` tell it, 17 columns. */
export interface RoomTrade {
  readonly signature: string;
  readonly makerAddress: string;
  readonly atUs: number;
  readonly side: Side;
  readonly priceSol: number | null;
  readonly priceUsd: number | null;
  readonly totalSol: number | null;
  readonly totalUsd: number | null;
  readonly tokenAmount: number | null;
  readonly liquiditySol: number | null;
  readonly liquidityToken: number | null;
  readonly likelyInnerIndex: number | null;
  readonly likelyOuterIndex: number | null;
  readonly feeSol: number | null;
  /** Seen as 0 only. */
  readonly column14: unknown;
  readonly column15: unknown;
  readonly column16: unknown;
}

const SIDES: ReadonlyMap<unknown, Side> = new Map([
  [0, "buy"],
  [1, "sell"],
]);

const readRoomTrade = rowOf<RoomTrade>({
  signature: [0, text],
  makerAddress: [1, text],
  atUs: [2, timeUs],
  side: [3, wordOf(SIDES)],
  priceSol: [4, nullable(number)],
  priceUsd: [5, nullable(number)],
  totalSol: [6, nullable(number)],
  totalUsd: [7, nullable(number)],
  tokenAmount: [8, nullable(number)],
  liquiditySol: [9, nullable(number)],
  liquidityToken: [10, nullable(number)],
  likelyInnerIndex: [11, nullable(integer)],
  likelyOuterIndex: [12, nullable(integer)],
  feeSol: [13, nullable(number)],
  column14: [14, raw],
  column15: [15, raw],
  column16: [16, raw],
});

const parseRoomTradeRow = parser("trade room", readRoomTrade);
const parseRoomTradeRows = parser("trade room", listOf("row", readRoomTrade));

/** The trades of a message of `f:PAIR` or `t:PAIR`: one row, or a list of rows; which of them is sent is not settled. */
export function parseRoomTrades(content: unknown): readonly (RoomTrade & MoreColumns)[] {
  const isList = Array.isArray(content) && (content.length === 0 || Array.isArray(content[0]));
  return isList ? parseRoomTradeRows(content) : [parseRoomTradeRow(content)];
}
