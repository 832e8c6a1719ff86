import type { TokenTrade } from "../../models/axiom-token.ts";
import { figuresOf, toSol } from "./figures.ts";
import { transactionJson } from "./pair-json.ts";
import { passes } from "./pulse-filter.ts";
import { pulseObject, TABLES, type TableName } from "./pulse-rows.ts";
import { refuse } from "./refusal.ts";
import { type Call, closed, parameter, type Route, recordOf, text, type UserCall } from "./route.ts";
import { feedRow, trackedRow } from "./trade-rows.ts";
import { PERIODS_MS, trendingRows } from "./trending.ts";
import type { AxiomVenue } from "./venue.ts";

const MOST_TRANSACTIONS = 100; // ours
const MOST_TRACKED_ROWS = 50;

/** Trending, Pulse as it was over REST, and the feeds of transactions. */
export function feedRoutes({ market, tables }: AxiomVenue): Route[] {
  const trending = (call: UserCall) => {
    const periodMs = PERIODS_MS.get(parameter(call, "timePeriod"));
    if (periodMs === undefined)
      throw refuse.malformed(`timePeriod must be one of ${[...PERIODS_MS.keys()].join(", ")}`);
    return trendingRows(market, periodMs);
  };

  const pulse = (call: UserCall) => {
    const table = text(call, "table");
    if (!isTable(table)) throw refuse.malformed(`table must be one of ${TABLES.join(", ")}`);
    const { usdPerSol } = call.body;
    const solUsd = typeof usdPerSol === "number" ? usdPerSol : market.coins.SOL;
    const filter = recordOf(call.body["filters"]);
    return tables
      .tokens(table)
      .map((token) => tables.row(token))
      .filter((row) => passes(filter, row, call.nowMs, solUsd))
      .map(pulseObject);
  };

  // Newest first unless told otherwise; of one pair, some makers, or both.
  const trades = (pairAddress: string, makers: string, orderBy: string): TokenTrade[] => {
    const wanted = new Set(makers.split(",").filter((maker) => maker !== ""));
    if (pairAddress === "" && wanted.size === 0) throw refuse.malformed("pairAddress or makerAddress is required");
    const all = pairAddress === "" ? market.tape.items : (market.find(pairAddress)?.trades.items ?? []);
    const found = all.filter(({ type, trader }) => type !== "add" && (wanted.size === 0 || wanted.has(trader.address)));
    const newest = found.slice(-MOST_TRANSACTIONS);
    return orderBy.toUpperCase() === "ASC" ? newest : newest.reverse();
  };
  const queried = ({ query }: Call) =>
    trades(query.get("pairAddress") ?? "", query.get("makerAddress") ?? "", query.get("orderBy") ?? "DESC");
  const posted = ({ body }: Call) =>
    trades(textOf(body["pairAddress"]), textOf(body["makerAddress"]), textOf(body["orderBy"]));

  const tracked = ({ user, body, nowMs }: UserCall) => {
    const rows: unknown[] = [];
    const { items } = market.tape;
    const types = Array.isArray(body["detailedTypes"]) ? new Set<unknown>(body["detailedTypes"]) : undefined;
    for (let i = items.length - 1; i >= 0 && rows.length < MOST_TRACKED_ROWS; i--) {
      const trade = items[i]!;
      const minutesOld = (nowMs - trade.token.facts.createdAtMs) / 60_000;
      if (
        user.tracked.has(trade.trader.address) &&
        (types === undefined || types.has(trade.detailedType)) &&
        isWithin(body["tokenMinsAgoCreated"], minutesOld) &&
        isWithin(body["marketCap"], figuresOf(trade.token).marketCapSol * trade.solUsd) &&
        isWithin(body["totalSol"], toSol(trade.lamports))
      ) {
        rows.push(trackedRow(trade));
      }
    }
    return rows;
  };

  return [
    closed("GET /new-trending-v2", trending),
    closed("POST /pulse", pulse),
    closed("GET /transactions-feed", (call) => queried(call).map(transactionJson)),
    closed("GET /transactions-feed-v2", (call) => queried(call).map(transactionJson)),
    closed("POST /transactions-feed-v3", (call) => posted(call).map(transactionJson)),
    closed("POST /transactions-feed-v4", (call) => posted(call).map(feedRow)),
    closed("POST /tracked-wallet-transactions-v3", tracked),
  ];
}

function isTable(name: string): name is TableName {
  return (TABLES as readonly string[]).includes(name);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isWithin(range: unknown, value: number): boolean {
  const { min, max } = recordOf(range);
  return (typeof min !== "number" || value >= min) && (typeof max !== "number" || value <= max);
}
