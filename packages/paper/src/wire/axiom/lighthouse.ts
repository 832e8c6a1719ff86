import { type Activity, traderCount } from "../../models/axiom-activity.ts";
import type { TokenMarket } from "../../models/axiom-market.ts";
import { PERIODS_MS } from "./trending.ts";

const SHOWN = ["5m", "1h", "6h", "24h"];

/** `/lighthouse`: what happened in four periods, on all protocols and on each, and how that changed from the period before. */
export function lighthouse({ activity, nowMs }: TokenMarket): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  for (const name of SHOWN) {
    const periodMs = PERIODS_MS.get(name)!;
    const now = activity.between(nowMs - periodMs, nowMs + 1);
    const before = activity.between(nowMs - 2 * periodMs, nowMs - periodMs);
    answer[name] = Object.fromEntries([...now].map(([protocol, of]) => [protocol, group(of, before.get(protocol))]));
  }
  return answer;
}

function group(now: Activity, before: Activity | undefined): Record<string, number> {
  const totals = totalsOf(now);
  const earlier: Record<string, number> = before === undefined ? {} : totalsOf(before);
  const changes = Object.entries(totals).map(([name, total]) => [`${name}Pct`, change(total, earlier[name] ?? 0)]);
  return {
    ...totals,
    ...Object.fromEntries(changes),
    totalBuyVolume: now.buyUsd,
    totalSellVolume: now.sellUsd,
    totalBuyTransactions: now.buys,
    totalSellTransactions: now.sells,
  };
}

function totalsOf(activity: Activity): Record<string, number> {
  return {
    totalTransactions: activity.buys + activity.sells,
    totalTraders: traderCount(activity),
    totalVolume: activity.buyUsd + activity.sellUsd,
    totalTokensCreated: activity.created,
    totalMigrations: activity.migrated,
  };
}

function change(now: number, before: number): number {
  return before === 0 ? 0 : (now / before - 1) * 100;
}
