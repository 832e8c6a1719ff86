import type { TokenMarket } from "../../models/axiom-market.ts";
import { SUPPLY, type Token } from "../../models/axiom-token.ts";
import { figuresOf, isoOf, minutesSince, priceAt, toSol, toTokens } from "./figures.ts";
import { extraOf, imageOf, uriOf } from "./pair-json.ts";

type Row = readonly unknown[];

const MINUTE_MS = 60_000;

/** The periods of trending and lighthouse, in milliseconds. */
export const PERIODS_MS: ReadonlyMap<string, number> = new Map([
  ["5m", 5 * MINUTE_MS],
  ["1h", 60 * MINUTE_MS],
  ["6h", 360 * MINUTE_MS],
  ["24h", 1440 * MINUTE_MS],
  ["7d", 10_080 * MINUTE_MS],
]);

const MOST_ROWS = 40;
const SPARKLINE_POINTS = 40;

/** `/new-trending-v2`: the pairs traded most within `periodMs`, 52 columns each. What is older than a day is not counted. */
export function trendingRows(market: TokenMarket, periodMs: number): Row[] {
  const rows = [...market.tokens].map((token) => trendingRow(token, periodMs, market.nowMs));
  return rows.sort((a, b) => (b[23] as number) - (a[23] as number)).slice(0, MOST_ROWS);
}

function trendingRow(token: Token, periodMs: number, nowMs: number): Row {
  const { facts } = token;
  const figures = figuresOf(token);
  const extra = extraOf(token);
  let buys = 0;
  let sells = 0;
  let lamports = 0;
  for (const minute of minutesSince(token, nowMs - periodMs)) {
    buys += minute.buys;
    sells += minute.sells;
    lamports += minute.buyLamports + minute.sellLamports;
  }
  const change = (ms: number) => (figures.priceSol / priceAt(token, nowMs - ms) - 1) * 100;
  return [
    facts.pairAddress,
    facts.tokenAddress,
    facts.tokenName,
    facts.tokenTicker,
    imageOf(token),
    uriOf(token),
    6,
    facts.protocol,
    JSON.stringify(facts.protocolDetails),
    isoOf(facts.createdAtMs),
    facts.website,
    facts.twitter,
    facts.telegram,
    null,
    null,
    null,
    token.dexPaidMs > 0,
    facts.dev.address,
    SUPPLY,
    figures.top10,
    facts.lpBurnedPercent === 0 ? null : facts.lpBurnedPercent,
    extra === null ? null : JSON.stringify(extra),
    buys + sells,
    toSol(lamports),
    figures.marketCapSol,
    buys,
    sells,
    figures.liquiditySol,
    figures.liquidityToken,
    figures.priceSol,
    change(5 * MINUTE_MS),
    change(60 * MINUTE_MS),
    change(360 * MINUTE_MS),
    change(1440 * MINUTE_MS),
    figures.bondingPercent,
    figures.top10,
    figures.dev,
    figures.snipers,
    figures.insiders,
    figures.bundlers,
    figures.holders,
    figures.bots,
    sparkline(token, periodMs, nowMs),
    token.viewers,
    facts.signature,
    facts.serial % 2 === 0 ? facts.slot : String(facts.slot), // the venue sends either
    toSol(facts.initial.lamports),
    toTokens(facts.initial.raw),
    isoOf(facts.openTradingMs),
    facts.pairSolAccount,
    facts.pairTokenAccount,
    isoOf(token.updatedAtMs),
  ];
}

function sparkline(token: Token, periodMs: number, nowMs: number): string {
  const fromMs = Math.max(nowMs - periodMs, token.facts.createdAtMs);
  const stepMs = (nowMs - fromMs) / (SPARKLINE_POINTS - 1);
  const points = Array.from({ length: SPARKLINE_POINTS }, (_, i) => {
    const atMs = Math.round(fromMs + i * stepMs);
    return [atMs, priceAt(token, atMs) * SUPPLY];
  });
  return JSON.stringify(points);
}
