import type { Coin, TrendingPeriod } from "./rooms.ts";
import { COINS, TRENDING_PERIODS } from "./rooms.ts";
import { type Lighthouse, parseLighthouse } from "./wire/market.ts";
import { type PulseRow, parsePulseRow } from "./wire/pulse.ts";
import {
  integer,
  listOf,
  type MoreColumns,
  type MoreFields,
  number,
  type OpenRecord,
  parser,
  type Read,
  raw,
  record,
  rowOf,
  text,
  timeUs,
} from "./wire/read.ts";
import { type NewPair, parseNewPair } from "./wire/tokens.ts";
import { parseRoomTrades, type RoomTrade } from "./wire/transactions.ts";
import { parseTrendingRoom, type TrendingRow } from "./wire/trending.ts";
import { parseWalletTrade, type WalletTrade } from "./wire/wallet-trade.ts";

interface RoomEventBase {
  readonly room: string;
  /** When the frame reached us, wall time in microseconds. */
  readonly receivedAtUs: number;
  /** The same moment on the monotonic clock. */
  readonly receivedNs: number;
}

/** A row of the room `a:MINT`. Raw amounts are JSON numbers, inexact above 2^53. */
export interface TokenActivity {
  readonly pairAddress: string;
  readonly liquidityTokenRaw: number;
  /** Signed. */
  readonly tokenDeltaRaw: number;
  readonly column3: unknown;
  readonly column4: unknown;
  readonly column5: unknown;
  readonly column6: unknown;
  readonly column7: unknown;
  readonly column8: unknown;
}

/** What a room said. */
export type RoomContent =
  | { readonly kind: "newPair"; readonly pair: NewPair & MoreFields }
  | { readonly kind: "trade"; readonly pairAddress: string; readonly trade: RoomTrade & MoreColumns }
  | { readonly kind: "walletTrade"; readonly walletAddress: string; readonly trade: WalletTrade & MoreFields }
  /** A wallet that traded the pair, and a number of unknown meaning. */
  | {
      readonly kind: "tradeWallet";
      readonly pairAddress: string;
      readonly walletAddress: string;
      readonly column1: number;
    }
  | { readonly kind: "price"; readonly pairAddress: string; readonly priceSol: number }
  | { readonly kind: "viewers"; readonly pairAddress: string; readonly viewers: number }
  /** An object of unknown form. */
  | { readonly kind: "pairState"; readonly pairAddress: string; readonly state: OpenRecord }
  | { readonly kind: "tokenActivity"; readonly tokenAddress: string; readonly activity: TokenActivity & MoreColumns }
  | { readonly kind: "coinPrice"; readonly coin: Coin; readonly priceUsd: number }
  | { readonly kind: "priorityFee"; readonly feeSol: number }
  | { readonly kind: "jitoBribeFee"; readonly feeSol: number }
  | { readonly kind: "blockhash"; readonly blockhash: string }
  | { readonly kind: "serverTime"; readonly serverTimeUs: number }
  | { readonly kind: "lighthouse"; readonly lighthouse: Lighthouse }
  | {
      readonly kind: "trending";
      readonly period: TrendingPeriod;
      readonly rows: readonly (TrendingRow & MoreColumns)[];
    }
  | { readonly kind: "pulse"; readonly rows: readonly (PulseRow & MoreColumns)[] }
  /** Its `event` is encrypted. */
  | { readonly kind: "twitterFeed"; readonly item: OpenRecord }
  | { readonly kind: "pumpLiveStreams"; readonly tokens: readonly OpenRecord[] }
  | { readonly kind: "thumbnail"; readonly pairAddress: string; readonly base64Image: string }
  | { readonly kind: "tokenThumbnail"; readonly tokenAddress: string; readonly base64Image: string }
  | { readonly kind: "twitterPreview"; readonly pairAddress: string; readonly type: string; readonly data: unknown }
  /** Of a room that is not known here, or whose content is not: handed over untouched. */
  | { readonly kind: "unknown"; readonly content: unknown };

/**
 * Something is missing for good, and nobody can tell what: the venue numbers nothing and repeats nothing.
 *
 * `lost`: the socket was; whatever these rooms say until their `resync` does not reach us. `undecodable`: one message could not be
 * read, of any of these rooms; what comes after it does reach us, so that no `resync` follows. `overflow`: a `for await` was too slow;
 * events before this one were dropped, and no `resync` follows.
 */
export interface RoomGap {
  readonly kind: "gap";
  readonly cause: "lost" | "undecodable" | "overflow";
  readonly rooms: readonly string[];
  readonly reason: string;
  readonly receivedAtUs: number;
  readonly receivedNs: number;
}

/** These rooms were joined again, as far as we know: the venue confirms no join. */
export interface RoomResync {
  readonly kind: "resync";
  readonly rooms: readonly string[];
  readonly receivedAtUs: number;
  readonly receivedNs: number;
}

/** What a room stream gives: data, or the word that some is missing. */
export type RoomEvent = (RoomEventBase & RoomContent) | RoomGap | RoomResync;

/** Reads the content of a room. @throws {ProtocolError} Naming the room and what in it has not the known form. */
export type ReadRoom = (content: unknown) => readonly RoomContent[];

/**
 * How a room is read: found once, when it is first heard of. Rooms that are not known, whatever they send, are read as `unknown`.
 */
export function readerOf(room: string): ReadRoom {
  const whole = WHOLE.get(room);
  if (whole !== undefined) return whole;
  for (const [prefix, read] of PREFIXES) if (room.startsWith(prefix)) return read(room.slice(prefix.length), room);
  return (content) => [{ kind: "unknown", content: content ?? null }];
}

const one =
  <T>(room: string, read: Read<T>, toContent: (value: T) => RoomContent): ReadRoom =>
  (content) => [toContent(parser(room, read)(content))];

const coinPrices = COINS.map((coin): [string, ReadRoom] => {
  const room = `${coin.toLowerCase()}_price`;
  return [room, one(room, number, (priceUsd) => ({ kind: "coinPrice", coin, priceUsd }))];
});

const trending = TRENDING_PERIODS.map((period): [string, ReadRoom] => [
  `new-trending:${period}`,
  (content) => [{ kind: "trending", period, rows: parseTrendingRoom(content) }],
]);

const WHOLE: ReadonlyMap<string, ReadRoom> = new Map<string, ReadRoom>([
  ...coinPrices,
  ...trending,
  ["new_pairs", (content) => [{ kind: "newPair", pair: parseNewPair(content) }]],
  ["sol-priority-fee", one("sol-priority-fee", number, (feeSol) => ({ kind: "priorityFee", feeSol }))],
  ["jito-bribe-fee", one("jito-bribe-fee", number, (feeSol) => ({ kind: "jitoBribeFee", feeSol }))],
  ["block_hash", one("block_hash", text, (blockhash) => ({ kind: "blockhash", blockhash }))],
  ["connection_monitor", one("connection_monitor", timeUs, (serverTimeUs) => ({ kind: "serverTime", serverTimeUs }))],
  ["lighthouse", (content) => [{ kind: "lighthouse", lighthouse: parseLighthouse(content) }]],
  [
    "update_pulse_v2",
    one("update_pulse_v2", listOf("row", raw), (rows) => ({ kind: "pulse", rows: rows.map(parsePulseRow) })),
  ],
  ["twitter_feed_v2", one("twitter_feed_v2", record, (item) => ({ kind: "twitterFeed", item }))],
  [
    "pump-live-stream-tokens",
    one("pump-live-stream-tokens", listOf("item", record), (tokens) => ({ kind: "pumpLiveStreams", tokens })),
  ],
  [
    "thumbnail",
    one("thumbnail", record, (fields) => ({
      kind: "thumbnail",
      pairAddress: textOf("thumbnail", fields, "pairAddress"),
      base64Image: textOf("thumbnail", fields, "base64Image"),
    })),
  ],
  [
    "token-thumbnails",
    one("token-thumbnails", record, (fields) => ({
      kind: "tokenThumbnail",
      tokenAddress: textOf("token-thumbnails", fields, "tokenAddress"),
      base64Image: textOf("token-thumbnails", fields, "base64Image"),
    })),
  ],
  [
    "twitter-preview",
    one("twitter-preview", record, (fields) => ({
      kind: "twitterPreview",
      pairAddress: textOf("twitter-preview", fields, "pairAddress"),
      type: textOf("twitter-preview", fields, "type"),
      data: fields["data"] ?? null,
    })),
  ],
]);

const readTradeWallet = rowOf<{ walletAddress: string; column1: number }>({
  walletAddress: [0, text],
  column1: [1, integer],
});

const readActivity = rowOf<TokenActivity>({
  pairAddress: [0, text],
  liquidityTokenRaw: [1, number],
  tokenDeltaRaw: [2, number],
  column3: [3, raw],
  column4: [4, raw],
  column5: [5, raw],
  column6: [6, raw],
  column7: [7, raw],
  column8: [8, raw],
});

const trades =
  (pairAddress: string): ReadRoom =>
  (content) =>
    parseRoomTrades(content).map((trade) => ({ kind: "trade", pairAddress, trade }));

// In this order: "t:" would also begin nothing else, "td:" is told apart by its colon.
const PREFIXES: readonly (readonly [prefix: string, read: (subject: string, room: string) => ReadRoom])[] = [
  ["f:", trades],
  ["t:", trades],
  [
    "td:",
    (pairAddress, room) =>
      one(room, readTradeWallet, ({ walletAddress, column1 }) => ({
        kind: "tradeWallet",
        pairAddress,
        walletAddress,
        column1,
      })),
  ],
  ["b-", (pairAddress, room) => one(room, number, (priceSol) => ({ kind: "price", pairAddress, priceSol }))],
  ["e-", (pairAddress, room) => one(room, integer, (viewers) => ({ kind: "viewers", pairAddress, viewers }))],
  ["s:", (pairAddress, room) => one(room, record, (state) => ({ kind: "pairState", pairAddress, state }))],
  [
    "a:",
    (tokenAddress, room) => one(room, readActivity, (activity) => ({ kind: "tokenActivity", tokenAddress, activity })),
  ],
  ["v:", (walletAddress) => (content) => [{ kind: "walletTrade", walletAddress, trade: parseWalletTrade(content) }]],
];

function textOf(room: string, fields: OpenRecord, name: string): string {
  return parser(`${room}: "${name}"`, text)(fields[name]);
}
