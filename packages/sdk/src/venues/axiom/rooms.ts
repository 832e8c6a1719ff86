import { InvalidInputError } from "@pitlane/perf";
import { checkAddress, oneOf } from "./checks.ts";

/** Periods over which the venue ranks. */
export const TRENDING_PERIODS = ["5m", "1h", "6h", "24h", "7d"] as const;
export type TrendingPeriod = (typeof TRENDING_PERIODS)[number];

export const COINS = ["SOL", "BTC", "ETH", "BNB"] as const;
export type Coin = (typeof COINS)[number];

/**
 * Names of rooms of the cluster socket. Any other name may be joined as well, as text: what comes of it is then handed over as
 * `unknown`.
 *
 * Captures show what all of them send but `wallet`, `pairState`, `lighthouse`, `trending`, `pulse`, `twitterFeed`, `pumpLiveStreams`
 * and those of pictures and previews: these are known from working code alone.
 *
 * @throws {InvalidInputError} For an address that is none.
 * @example
 * axiom.stream.rooms({ rooms: [axiomRooms.newPairs, axiomRooms.trades(pairAddress)], onEvent, onError });
 */
export const axiomRooms = {
  newPairs: "new_pairs",
  /** Trades of a pair. How `feed` differs is not known; the rows are the same. */
  trades: (pairAddress: string) => `t:${checkAddress("pairAddress", pairAddress)}`,
  feed: (pairAddress: string) => `f:${checkAddress("pairAddress", pairAddress)}`,
  /** Some wallet and a number, for a trade of the pair. */
  tradeWallets: (pairAddress: string) => `td:${checkAddress("pairAddress", pairAddress)}`,
  /** Price of a pair in SOL. */
  price: (pairAddress: string) => `b-${checkAddress("pairAddress", pairAddress)}`,
  viewers: (pairAddress: string) => `e-${checkAddress("pairAddress", pairAddress)}`,
  pairState: (pairAddress: string) => `s:${checkAddress("pairAddress", pairAddress)}`,
  tokenActivity: (tokenAddress: string) => `a:${checkAddress("tokenAddress", tokenAddress)}`,
  /** Trades of a wallet. Users have found it silent at times. */
  wallet: (walletAddress: string) => `v:${checkAddress("walletAddress", walletAddress)}`,
  /** Price of a coin in USD. */
  coinPrice: (coin: Coin) => `${oneOf("coin", coin, COINS).toLowerCase()}_price`,
  priorityFee: "sol-priority-fee",
  jitoBribeFee: "jito-bribe-fee",
  blockhash: "block_hash",
  /** The server's time, every two seconds or so. */
  serverTime: "connection_monitor",
  lighthouse: "lighthouse",
  trending: (period: TrendingPeriod) => `new-trending:${oneOf("period", period, TRENDING_PERIODS)}`,
  pulse: "update_pulse_v2",
  twitterFeed: "twitter_feed_v2",
  pumpLiveStreams: "pump-live-stream-tokens",
  thumbnail: "thumbnail",
  tokenThumbnails: "token-thumbnails",
  twitterPreview: "twitter-preview",
} as const;

/** The name of a room, known or not. @throws {InvalidInputError} When it cannot be one. */
export function checkRoom(name: string, room: string): string {
  if (typeof room === "string" && /^[\x21-\x7e]{1,200}$/.test(room)) return room;
  throw new InvalidInputError(
    `${name} must be the name of a room: 1 to 200 visible ASCII characters, got ${JSON.stringify(room)?.slice(0, 60)}`,
  );
}
