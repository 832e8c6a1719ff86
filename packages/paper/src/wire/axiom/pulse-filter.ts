import { PULSE_COLUMNS, type PulseRow } from "./pulse-rows.ts";
import { recordOf } from "./route.ts";

/** A filter object of the settings and the Pulse socket, as a client sends it. */
export type PulseFilter = Readonly<Record<string, unknown>>;

const AT = new Map(PULSE_COLUMNS.map((name, i) => [name, i]));
const at = (row: PulseRow, name: string): unknown => row[AT.get(name)!];

// Filter names and the column each limits. The venue's unit of the three amounts is unknown; USD here.
const IN_USD: Readonly<Record<string, string>> = {
  marketCap: "marketCapSol",
  liquidity: "liquiditySol",
  volume: "volumeSol",
};
const PLAIN: Readonly<Record<string, string>> = {
  fees: "feesSol",
  txns: "numTxns",
  holders: "numHolders",
  numBuys: "numBuys",
  numSells: "numSells",
  snipers: "snipersHoldPercent",
  insiders: "insidersHoldPercent",
  bundle: "bundlersHoldPercent",
  botUsers: "numTradingBotUsers",
  userCount: "userCount",
  devHolding: "devHoldsPercent",
  numDevPairs: "devPairCount",
  bondingCurve: "bondingCurvePercent",
  top10Holders: "top10HoldersPercent",
  numMigrations: "migrationCount",
  twitterFollowers: "twitterFollowers",
  twitterFollowing: "twitterFollowing",
};
const WANTED: Readonly<Record<string, string>> = { dexPaid: "dexPaid", website: "website", telegram: "telegram" };

/** Keys of `protocols` in a filter, and the protocol each stands for. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  pump: "Pump V1",
  pumpAmm: "Pump AMM",
  bonk: "Bonk",
  moonshot: "Moonshot",
  meteoraAmmV2: "Meteora AMM V2",
};

/**
 * True when `row` passes `filter`: every `{min,max}` (null is open), every demanded property, and the keyword and protocol lists.
 * What a filter says beyond the pairs' own columns is passed over.
 */
export function passes(filter: PulseFilter, row: PulseRow, nowMs: number, solUsd: number): boolean {
  for (const [name, column] of Object.entries(IN_USD)) {
    if (!isWithin(filter[name], (at(row, column) as number) * solUsd)) return false;
  }
  for (const [name, column] of Object.entries(PLAIN)) if (!isWithin(filter[name], at(row, column))) return false;
  for (const [name, column] of Object.entries(WANTED)) if (filter[name] === true && !at(row, column)) return false;
  const ageMinutes = (nowMs - Date.parse(at(row, "createdAt") as string)) / 60_000;
  return (
    isWithin(filter["age"], ageMinutes) &&
    !(filter["atLeastOneSocial"] === true && !at(row, "website") && !at(row, "twitter") && !at(row, "telegram")) &&
    !(filter["twitterExists"] === true && !at(row, "twitter")) &&
    !(filter["mustEndInPump"] === true && !String(at(row, "tokenAddress")).endsWith("pump")) &&
    matchesWords(filter, row) &&
    matchesProtocol(recordOf(filter["protocols"]), String(at(row, "protocol")))
  );
}

function isWithin(range: unknown, value: unknown): boolean {
  const { min, max } = recordOf(range);
  const low = boundOf(min);
  const high = boundOf(max);
  if (low === undefined && high === undefined) return true;
  return typeof value === "number" && value >= (low ?? value) && value <= (high ?? value);
}

// Settings carry numbers as text too.
function boundOf(bound: unknown): number | undefined {
  if (bound === null || bound === undefined || bound === "") return undefined;
  const value = Number(bound);
  return Number.isNaN(value) ? undefined : value;
}

function matchesWords(filter: PulseFilter, row: PulseRow): boolean {
  const name = `${at(row, "tokenName")} ${at(row, "tokenTicker")}`.toLowerCase();
  const wanted = wordsOf(filter["searchKeywords"]);
  const unwanted = wordsOf(filter["excludeKeywords"]);
  return (
    (wanted.length === 0 || wanted.some((word) => name.includes(word))) && !unwanted.some((word) => name.includes(word))
  );
}

function wordsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string").map((word) => word.toLowerCase()) : [];
}

// A protocol that the filter does not name passes.
function matchesProtocol(protocols: Readonly<Record<string, unknown>>, protocol: string): boolean {
  for (const [key, name] of Object.entries(PROTOCOLS))
    if (name === protocol && key in protocols) return protocols[key] === true;
  return true;
}
