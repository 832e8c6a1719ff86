import { History } from "../engine/history.ts";
import type { Reserves } from "./axiom-swap.ts";

/** Raw units of one token: every token of this market has 6 decimals. */
export const RAW_PER_TOKEN = 1_000_000;
/** Lamports of one SOL. */
export const LAMPORTS_PER_SOL = 1_000_000_000;
/** Tokens of every kind that exist. */
export const SUPPLY = 1_000_000_000;
export const SUPPLY_RAW = SUPPLY * RAW_PER_TOKEN;

/** Where a wallet's first SOL came from. */
export interface Funding {
  readonly walletAddress: string;
  readonly signature: string;
  readonly lamports: number;
  readonly atMs: number;
}

/** One trader of the market. */
export interface Trader {
  readonly index: number;
  readonly address: string;
  readonly lamports: number;
  readonly isInsider: boolean;
  readonly isBundler: boolean;
  readonly isSniper: boolean;
  readonly isProUser: boolean;
  readonly funding: Funding;
}

/** What one trader did with one token, and holds of it. Lamports without fees, raw units, milliseconds since the epoch. */
export interface Holding {
  readonly trader: Trader;
  raw: number;
  buys: number;
  sells: number;
  rawBought: number;
  rawSold: number;
  lamportsInvested: number;
  lamportsSold: number;
  buyFees: number;
  sellFees: number;
  usdInvested: number;
  usdSold: number;
  lastActiveMs: number;
  lastSlot: number;
  readonly createdAtMs: number;
}

export type DetailedType = "First Buy" | "Buy More" | "Sell Partial" | "Sell All" | "Add Liquidity";

/** One trade, or the deposit that opened a pool. */
export interface TokenTrade {
  readonly signature: string;
  readonly token: Token;
  readonly trader: Trader;
  readonly atMs: number;
  readonly slot: number;
  readonly type: "buy" | "sell" | "add";
  readonly detailedType: DetailedType;
  readonly lamports: number;
  readonly raw: number;
  readonly feeLamports: number;
  /** The pool after it. */
  readonly pool: Reserves;
  /** USD of one SOL at the time. */
  readonly solUsd: number;
  /** What the trader had paid on average, fees included, as a market cap in SOL; null of a deposit. */
  readonly entryMarketCapSol: number | null;
  /** The same of what was received, fees taken off; null before the first sale. */
  readonly exitMarketCapSol: number | null;
  /** SOL the trader has taken out of this token, less what was put in. */
  readonly flowSol: number;
}

/** What was traded in one minute. */
export interface Minute {
  readonly startMs: number;
  buys: number;
  sells: number;
  buyLamports: number;
  sellLamports: number;
  /** SOL for one token. */
  readonly open: number;
  high: number;
  low: number;
  close: number;
}

/** What never changes about a token's pair. */
export interface PairFacts {
  /** Counts the pairs of a market. */
  readonly serial: number;
  readonly pairAddress: string;
  readonly tokenAddress: string;
  readonly tokenName: string;
  readonly tokenTicker: string;
  readonly protocol: string;
  readonly protocolDetails: Readonly<Record<string, unknown>>;
  readonly dev: Trader;
  readonly signature: string;
  readonly slot: number;
  readonly createdAtMs: number;
  /** When it was first traded: of a migrated pair the time of its first one. */
  readonly openTradingMs: number;
  readonly pairSolAccount: string;
  readonly pairTokenAccount: string;
  readonly initial: Reserves;
  /** Raw units of the reserve that do not exist: a bonding curve starts with more than the supply. */
  readonly virtualRaw: number;
  readonly website: string | null;
  readonly twitter: string | null;
  readonly telegram: string | null;
  readonly lpBurnedPercent: number;
  /** The pair this one came from; null of one that began here. */
  readonly migratedFrom: string | null;
  readonly twitterFollowers: number | null;
  /** How often it is traded, beside the others. */
  readonly weight: number;
  /** Chance that a trade is a buy. */
  readonly buyChance: number;
}

const TRADES_KEPT = 200;
const MINUTES_KEPT = 1440;

/**
 * One pair: its facts, and what its trades have made of it.
 *
 * Kept are the newest 200 to 400 trades and 1,440 to 2,880 minutes with trades. Holders are bounded by the market's traders.
 */
export class Token {
  readonly facts: PairFacts;
  readonly holdings: Map<Trader, Holding>;
  readonly trades = new History<TokenTrade>(TRADES_KEPT);
  readonly minutes = new History<Minute>(MINUTES_KEPT);
  pool: Reserves;
  buys = 0;
  sells = 0;
  volumeLamports = 0;
  feeLamports = 0;
  dexPaidMs = 0; // 0 until it is
  viewers: number;
  updatedAtMs: number;
  /** Moves with every change that a row shows. */
  version = 0;

  /** @param holdings Who holds it already: of a migrated pair, those of the one before. */
  constructor(facts: PairFacts, holdings: Map<Trader, Holding>, viewers: number) {
    this.facts = facts;
    this.holdings = holdings;
    this.pool = facts.initial;
    this.viewers = viewers;
    this.updatedAtMs = facts.createdAtMs;
  }

  /** True while it trades on a bonding curve. */
  get isCurve(): boolean {
    return this.facts.virtualRaw > 0;
  }

  /** Raw units in the pool that exist. */
  get poolRaw(): number {
    return this.pool.raw - this.facts.virtualRaw;
  }

  /** The holding of `trader`, made when there is none. */
  holdingOf(trader: Trader, nowMs: number): Holding {
    let holding = this.holdings.get(trader);
    if (holding === undefined) {
      holding = {
        trader,
        raw: 0,
        buys: 0,
        sells: 0,
        rawBought: 0,
        rawSold: 0,
        lamportsInvested: 0,
        lamportsSold: 0,
        buyFees: 0,
        sellFees: 0,
        usdInvested: 0,
        usdSold: 0,
        lastActiveMs: nowMs,
        lastSlot: 0,
        createdAtMs: nowMs,
      };
      this.holdings.set(trader, holding);
    }
    return holding;
  }
}
