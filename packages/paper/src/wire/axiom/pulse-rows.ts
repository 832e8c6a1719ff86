import { bondingPercent } from "../../models/axiom-births.ts";
import type { TokenMarket } from "../../models/axiom-market.ts";
import { SUPPLY, type Token } from "../../models/axiom-token.ts";
import { figuresOf, isoOf, toSol } from "./figures.ts";
import { extraOf, fundingOf, imageOf } from "./pair-json.ts";

export type PulseRow = readonly unknown[];
export type TableName = "newPairs" | "finalStretch" | "migrated";

export const TABLES: readonly TableName[] = ["newPairs", "finalStretch", "migrated"];

/** The 49 columns of a Pulse row, in order; also the names of the older REST form. Source: the site's Pulse worker. */
export const PULSE_COLUMNS = (
  "pairAddress tokenAddress devAddress tokenName tokenTicker tokenImage tokenDecimals protocol protocolDetails website " +
  "twitter telegram discord top10HoldersPercent devHoldsPercent snipersHoldPercent insidersHoldPercent bundlersHoldPercent " +
  "volumeSol marketCapSol feesSol liquiditySol liquidityToken numTxns numBuys numSells bondingCurvePercent supply numHolders " +
  "numTradingBotUsers createdAt extra slot migrationCount openTrading isPumpLive twitterHandleHistory devSold dexPaid " +
  "devWalletFunding kolCount devPairCount tweetCreatedAt imgReuseCount translation userCount twitterHandle twitterFollowers " +
  "twitterFollowing"
).split(" ");

const FINAL_STRETCH_PERCENT = 60; // ours: where the venue draws the line is unknown

/** The table a pair is in; undefined of pools that no bonding curve came before. */
export function tableOf(token: Token): TableName | undefined {
  if (token.facts.migratedFrom !== null) return "migrated";
  if (!token.isCurve) return undefined;
  return bondingPercent(token) < FINAL_STRETCH_PERCENT ? "newPairs" : "finalStretch";
}

/** A pair as Pulse shows it. */
export function pulseRow(token: Token, market: TokenMarket): PulseRow {
  const { facts } = token;
  const figures = figuresOf(token);
  const ofDev = [...market.tokens].filter((other) => other.facts.dev === facts.dev);
  const devHolding = token.holdings.get(facts.dev);
  return [
    facts.pairAddress,
    facts.tokenAddress,
    facts.dev.address,
    facts.tokenName,
    facts.tokenTicker,
    imageOf(token),
    6,
    facts.protocol,
    facts.protocolDetails,
    facts.website,
    facts.twitter,
    facts.telegram,
    null,
    figures.top10,
    figures.dev,
    figures.snipers,
    figures.insiders,
    figures.bundlers,
    toSol(token.volumeLamports),
    figures.marketCapSol,
    toSol(token.feeLamports),
    figures.liquiditySol,
    figures.liquidityToken,
    token.buys + token.sells,
    token.buys,
    token.sells,
    figures.bondingPercent,
    SUPPLY,
    figures.holders,
    figures.bots,
    isoOf(facts.createdAtMs),
    extraOf(token),
    facts.slot,
    ofDev.filter((other) => other.facts.migratedFrom !== null).length,
    isoOf(facts.openTradingMs),
    false,
    [],
    devHolding !== undefined && devHolding.sells > 0 && devHolding.raw === 0,
    token.dexPaidMs > 0,
    fundingOf(token),
    0,
    ofDev.length,
    null,
    0,
    null,
    token.viewers,
    facts.twitter === null ? null : facts.twitter.slice(facts.twitter.lastIndexOf("/") + 1),
    facts.twitterFollowers,
    facts.twitterFollowers === null ? null : facts.twitterFollowers % 1000,
  ];
}

/** A row as the object of the REST form. */
export function pulseObject(row: PulseRow): Record<string, unknown> {
  return Object.fromEntries(PULSE_COLUMNS.map((name, i) => [name, row[i]]));
}
