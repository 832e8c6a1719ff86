import type { Holding, Token } from "../../models/axiom-token.ts";
import { holdersOf, isoOf, toSol, toTokens } from "./figures.ts";

type Row = readonly unknown[];

const MOST_ROWS = 100; // ours: the venue's is unknown

const bit = (flag: boolean) => (flag ? 1 : 0);

function flagsOf({ trader }: Holding): number[] {
  return [bit(trader.isInsider), bit(trader.isBundler), bit(trader.isSniper), bit(trader.isProUser)];
}

function fundingColumns({ trader: { funding } }: Holding): Row {
  return [funding.walletAddress, funding.signature, toSol(funding.lamports), isoOf(funding.atMs)];
}

/** `/holder-data-v4`: 20 columns, the pool first and then the largest holders. */
export function holderRows(token: Token): Row[] {
  const pool: Row = [
    token.facts.pairAddress,
    toTokens(token.poolRaw),
    toSol(token.pool.lamports),
    ...new Array<number>(12).fill(0),
    token.updatedAtMs,
    null,
    null,
    null,
    null,
  ];
  const rows = holdersOf(token).map((holding) => [
    holding.trader.address,
    toTokens(holding.raw),
    toSol(holding.trader.lamports),
    ...flagsOf(holding),
    holding.buys,
    holding.sells,
    toSol(holding.lamportsInvested),
    toSol(holding.lamportsSold),
    toTokens(holding.rawBought),
    toTokens(holding.rawSold),
    holding.usdInvested,
    holding.usdSold,
    holding.lastActiveMs,
    ...fundingColumns(holding),
  ]);
  return [pool, ...rows].slice(0, MOST_ROWS);
}

/** `/top-traders-v4`: 20 columns, by what was made with the token. */
export function traderRows(token: Token): Row[] {
  return tradersOf(token).map((holding) => [
    holding.trader.address,
    holding.buys,
    holding.sells,
    toTokens(holding.rawBought),
    toTokens(holding.rawSold),
    toSol(holding.lamportsInvested),
    toSol(holding.lamportsSold),
    holding.usdInvested,
    holding.usdSold,
    toTokens(holding.raw),
    ...flagsOf(holding),
    toSol(holding.trader.lamports),
    holding.lastActiveMs,
    ...fundingColumns(holding),
  ]);
}

/** `/holder-data-v3`. */
export function holderObjects(token: Token): Record<string, unknown>[] {
  return holdersOf(token)
    .slice(0, MOST_ROWS)
    .map((holding) => ({ walletAddress: holding.trader.address, ...objectOf(holding) }));
}

/** `/top-traders-v3`. */
export function traderObjects(token: Token): Record<string, unknown>[] {
  return tradersOf(token).map((holding) => ({ makerAddress: holding.trader.address, ...objectOf(holding) }));
}

function tradersOf(token: Token): Holding[] {
  const gain = ({ lamportsSold, lamportsInvested }: Holding) => lamportsSold - lamportsInvested;
  return [...token.holdings.values()].sort((a, b) => gain(b) - gain(a)).slice(0, MOST_ROWS);
}

function objectOf(holding: Holding): Record<string, unknown> {
  const { trader } = holding;
  return {
    tokenBalance: toTokens(holding.raw),
    solBalance: toSol(trader.lamports),
    isInsider: trader.isInsider,
    isBundler: trader.isBundler,
    isSniper: trader.isSniper,
    isProUser: trader.isProUser,
    buyTransactions: holding.buys,
    sellTransactions: holding.sells,
    tokensBought: toTokens(holding.rawBought),
    tokensSold: toTokens(holding.rawSold),
    solInvested: toSol(holding.lamportsInvested),
    solSold: toSol(holding.lamportsSold),
    usdInvested: holding.usdInvested,
    usdSold: holding.usdSold,
    lastActiveTimestamp: holding.lastActiveMs,
    lastUpdatedSlot: holding.lastSlot,
    createdAt: isoOf(holding.createdAtMs),
    walletFunding: {
      fundingWalletAddress: trader.funding.walletAddress,
      amountSol: toSol(trader.funding.lamports),
      fundedAt: isoOf(trader.funding.atMs),
    },
  };
}
