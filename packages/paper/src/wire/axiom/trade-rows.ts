import { SUPPLY, type TokenTrade } from "../../models/axiom-token.ts";
import { isoOf, toSol, toTokens } from "./figures.ts";
import { imageOf, priceSolOf } from "./pair-json.ts";

type Row = readonly unknown[];

/** A trade of `/transactions-feed-v4`, 12 columns. */
export function feedRow(trade: TokenTrade): Row {
  return [
    trade.signature,
    trade.token.facts.pairAddress,
    trade.type,
    isoOf(trade.atMs),
    toSol(trade.pool.lamports),
    toTokens(trade.pool.raw),
    trade.trader.address,
    priceSolOf(trade),
    priceSolOf(trade) * trade.solUsd,
    toTokens(trade.raw),
    toSol(trade.lamports),
    toSol(trade.lamports) * trade.solUsd,
  ];
}

/** A trade of rooms `f:` and `t:`, 17 columns; 11 and 12 are ints of unknown meaning, 14 to 16 zeros. */
export function roomRow(trade: TokenTrade): Row {
  return [
    trade.signature,
    trade.trader.address,
    trade.atMs,
    trade.type === "sell" ? 1 : 0,
    priceSolOf(trade),
    priceSolOf(trade) * trade.solUsd,
    toSol(trade.lamports),
    toSol(trade.lamports) * trade.solUsd,
    toTokens(trade.raw),
    toSol(trade.pool.lamports),
    toTokens(trade.pool.raw),
    0,
    3,
    toSol(trade.feeLamports),
    0,
    0,
    0,
  ];
}

/** A trade of `/tracked-wallet-transactions-v3`, 25 columns. A deposit has no price and no averages. */
export function trackedRow(trade: TokenTrade): Row {
  const { facts } = trade.token;
  const isDeposit = trade.type === "add";
  return [
    isoOf(trade.atMs),
    trade.trader.address,
    trade.signature,
    isDeposit ? null : priceSolOf(trade),
    isDeposit ? null : priceSolOf(trade) * trade.solUsd,
    toTokens(trade.raw),
    toSol(trade.lamports),
    toSol(trade.lamports) * trade.solUsd,
    toSol(trade.feeLamports),
    trade.type,
    trade.detailedType,
    facts.pairAddress,
    isoOf(facts.createdAtMs),
    trade.entryMarketCapSol,
    trade.exitMarketCapSol,
    trade.flowSol,
    facts.tokenAddress,
    facts.tokenName,
    facts.tokenTicker,
    imageOf(trade.token),
    6,
    SUPPLY,
    facts.protocol,
    0,
    toSol(trade.pool.lamports),
  ];
}

/** A trade on the eucalyptus socket, 28 columns; 6, 24, 26 and 27 are of unknown meaning. */
export function eucalyptusRow(trade: TokenTrade): Row {
  const { facts } = trade.token;
  return [
    trade.atMs,
    trade.trader.address,
    trade.signature,
    trade.type === "sell" ? 4 : 2,
    facts.pairAddress,
    facts.tokenAddress,
    `${trade.atMs}:${trade.slot % 1000}`,
    priceSolOf(trade),
    priceSolOf(trade) * trade.solUsd,
    toTokens(trade.raw),
    toSol(trade.lamports),
    toSol(trade.lamports) * trade.solUsd,
    toSol(trade.feeLamports),
    trade.type,
    facts.createdAtMs,
    trade.entryMarketCapSol,
    trade.exitMarketCapSol,
    trade.flowSol,
    facts.tokenName,
    facts.tokenTicker,
    imageOf(trade.token),
    6,
    SUPPLY,
    facts.protocol,
    false,
    toSol(trade.pool.lamports),
    0,
    0,
  ];
}
