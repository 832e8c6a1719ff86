import { SUPPLY, type Token } from "../../models/axiom-token.ts";
import { barsOf } from "./chart.ts";
import { figuresOf, isoOf, toSol } from "./figures.ts";
import { holderObjects, holderRows, traderObjects, traderRows } from "./holder-rows.ts";
import { clipboardPairInfo, imageOf, pairInfo, searchResult, tokenInfo, transactionJson } from "./pair-json.ts";
import { refuse } from "./refusal.ts";
import { closed, parameter, type Route, type UserCall } from "./route.ts";
import type { AxiomVenue } from "./venue.ts";

const MOST_FOUND = 20; // ours, as the next
const MOST_BARS = 5000;

/**
 * What can be asked about one pair.
 *
 * Of a pair that is not, or no more, lists are empty, as the venue's are of a dead pair; the rest is refused with 404 (ours).
 */
export function pairRoutes({ market }: AxiomVenue): Route[] {
  const pairOf = (call: UserCall, name = "pairAddress"): Token => {
    const token = market.find(parameter(call, name));
    if (token === undefined) throw refuse.unknownPair();
    return token;
  };
  const listOf = (call: UserCall, rows: (token: Token) => unknown): unknown => {
    const token = market.find(parameter(call, "pairAddress"));
    return token === undefined ? [] : rows(token);
  };

  const lastTransaction = (call: UserCall) => {
    const { last } = pairOf(call).trades;
    if (last === undefined) throw refuse.unknownPair();
    return transactionJson(last);
  };

  const pairStats = (token: Token) =>
    token.minutes.items
      .map((minute) => ({
        buyCount: minute.buys,
        sellCount: minute.sells,
        buyVolumeSol: toSol(minute.buyLamports),
        sellVolumeSol: toSol(minute.sellLamports),
        priceSol: minute.close,
        createdAt: isoOf(minute.startMs),
      }))
      .reverse();

  const devTokens = (call: UserCall) => {
    const dev = parameter(call, "devAddress");
    const tokens = [...market.tokens].filter(({ facts }) => facts.dev.address === dev).map(devToken);
    return {
      tokens,
      counts: { totalCount: tokens.length, migratedCount: tokens.filter(({ migrated }) => migrated).length },
    };
  };

  const tokenAnalysis = (call: UserCall) => {
    const dev = parameter(call, "devAddress");
    const ticker = parameter(call, "tokenTicker");
    const created = [...market.tokens].filter(({ facts }) => facts.dev.address === dev);
    const alike = [...market.tokens].filter(({ facts }) => facts.tokenTicker === ticker);
    return {
      creatorRiskLevel: "low",
      creatorRugCount: 0,
      creatorTokenCount: created.length,
      topMarketCapCoins: alike.map(alikeToken).sort((a, b) => b.marketCap - a.marketCap),
      topOgCoins: alike.map(alikeToken).sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
      reusedImageOgTokens: [],
    };
  };

  const search = (call: UserCall) => {
    const wanted = parameter(call, "searchQuery").toLowerCase();
    const most = wholeOf(call, "limit", MOST_FOUND);
    const isFound = ({ facts: { tokenName, tokenTicker, pairAddress, tokenAddress } }: Token) =>
      `${tokenName} ${tokenTicker} ${pairAddress} ${tokenAddress}`.toLowerCase().includes(wanted);
    return [...market.tokens].filter(isFound).slice(0, most).map(searchResult);
  };

  const chart = (call: UserCall) => {
    const isUsd = (call.query.get("currency") ?? "USD") === "USD";
    const request = {
      interval: parameter(call, "interval"),
      fromMs: wholeOf(call, "from", 0),
      toMs: wholeOf(call, "to", call.nowMs),
      most: Math.min(MOST_BARS, wholeOf(call, "countBars", MOST_BARS)),
      factor: isUsd ? market.coins.SOL : 1,
    };
    return { bars: barsOf(pairOf(call), request) };
  };

  return [
    closed("GET /token-info", (call) => tokenInfo(pairOf(call))),
    closed("GET /last-transaction", lastTransaction),
    closed("GET /pair-info", (call) => pairInfo(pairOf(call))),
    closed("GET /clipboard-pair-info", (call) => clipboardPairInfo(pairOf(call, "address"))),
    closed("GET /pair-stats", (call) => listOf(call, pairStats)),
    closed("GET /holder-data-v4", (call) => listOf(call, holderRows)),
    closed("GET /holder-data-v3", (call) => listOf(call, holderObjects)),
    closed("GET /top-traders-v4", (call) => listOf(call, traderRows)),
    closed("GET /top-traders-v3", (call) => listOf(call, traderObjects)),
    closed("GET /dev-tokens-v2", devTokens),
    closed("GET /token-analysis", tokenAnalysis),
    closed("GET /search-v3", search),
    closed("GET /pair-chart", chart),
    closed("GET /pair-chart-v2", chart),
    closed("GET /pair-chart-v3", chart),
  ];
}

function devToken(token: Token) {
  const { facts } = token;
  return {
    tokenAddress: facts.tokenAddress,
    pairAddress: facts.pairAddress,
    tokenName: facts.tokenName,
    tokenTicker: facts.tokenTicker,
    createdAt: isoOf(facts.createdAtMs),
    migrated: facts.migratedFrom !== null,
    priceSol: figuresOf(token).priceSol,
    supply: SUPPLY,
    protocol: facts.protocol,
  };
}

function alikeToken(token: Token) {
  const { facts } = token;
  const { marketCapSol, bondingPercent } = figuresOf(token);
  return {
    tokenAddress: facts.tokenAddress,
    tokenTicker: facts.tokenTicker,
    tokenName: facts.tokenName,
    pairAddress: facts.pairAddress,
    marketCap: marketCapSol,
    createdAt: isoOf(facts.createdAtMs),
    lastTradeTime: isoOf(token.trades.last?.atMs ?? facts.createdAtMs),
    image: imageOf(token),
    migrated: facts.migratedFrom !== null,
    bondingCurvePercent: bondingPercent,
  };
}

// A whole number of the query; `fallback` when it is left out. @throws {AxiomRefusal} 400 for anything else.
function wholeOf({ query }: UserCall, name: string, fallback: number): number {
  const given = query.get(name);
  if (given === null || given === "") return fallback;
  if (/^[0-9]{1,15}$/.test(given)) return Number(given);
  throw refuse.malformed(`${name} must be a whole number`);
}
