import type { PerformanceReport } from "../engines/performance.ts";
import type { SessionPerformance } from "../engines/performance-monitor.ts";
import { roundDecimal } from "../engines/portfolio-amounts.ts";
import { table } from "./output.ts";

const SHORT_MS = 24 * 3_600_000; // a year's ratio worked out from less says nothing

/** How the strategies have done, a row each and one for all, as people read it. Empty when nothing was traded. Pure. */
export function performanceLines({ asset, total, strategies }: SessionPerformance): readonly string[] {
  if (Number(total.volume) === 0) return [];
  const rows = Object.entries(strategies)
    .filter(([, { volume }]) => Number(volume) !== 0)
    .map(([name, report]) => rowOf(name, report));
  const header = [
    "strategy",
    `profit ${asset}`,
    "fees",
    "drawdown",
    "trades",
    "hit rate",
    "profit factor",
    "sharpe",
    "exposed",
  ];
  return table([header, ...rows, ...(rows.length > 1 ? [rowOf("all", total)] : [])]);
}

function rowOf(name: string, report: PerformanceReport): string[] {
  const { profit, fees, maxDrawdown, trades, hitRate, profitFactor, sharpe, exposure, durationMs } = report;
  return [
    name,
    shortAmount(profit),
    shortAmount(fees),
    shortAmount(maxDrawdown),
    String(trades),
    percent(hitRate),
    profitFactor === null ? "-" : profitFactor.toFixed(2),
    sharpe === null || durationMs < SHORT_MS ? "-" : sharpe.toFixed(1),
    percent(exposure),
  ];
}

/** Decimal text, rounded to two digits that say something. */
function shortAmount(text: string): string {
  const [whole = "0", fraction = ""] = text.split(".");
  const zeros = /[1-9]/.test(fraction) ? fraction.search(/[1-9]/) : 0;
  return roundDecimal(text, /[1-9]/.test(whole) ? 2 : Math.max(2, zeros + 2));
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(0)} %`;
}
