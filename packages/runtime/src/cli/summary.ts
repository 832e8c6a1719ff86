import { describeTrading } from "../engines/trading-state.ts";
import { STAGES } from "../latency.ts";
import type { Report } from "../report.ts";
import { colors, table } from "./output.ts";
import { performanceLines } from "./performance-lines.ts";
import { shortProfit, shortUs } from "./status-line.ts";

const DENIALS_SHOWN = 5;
const REJECTIONS_SHOWN = 3;

/** What a person wants to know of a run that ended. Pure. */
export function summaryLines(report: Report): readonly string[] {
  const { run, market, risk, orders, fills, portfolio, performance, journal, memory, faults } = report;
  const count = (value: number, name: string) => `${value} ${name}`;
  const lines = [
    "",
    colors.bold(`Run ${run.id}: ${run.mode}, ${(run.durationMs / 1000).toFixed(1)} s, ended by ${run.endedBy}`),
    `market   ${[count(market.events, "events"), `${Math.round(market.eventsPerSecond)}/s`, count(market.gaps, "gaps"), count(market.resyncs, "resyncs")].join(", ")}`,
    ...instrumentLines(report),
    `orders   ${[
      count(orders.intents, "intents"),
      count(orders.denied, "denied"),
      count(orders.submitted, "submitted"),
      count(orders.filled, "filled"),
      count(orders.cancelled, "cancelled"),
      count(orders.expired, "expired"),
      count(orders.rejected, "rejected"),
      count(orders.unknown, "unknown"),
      count(orders.duplicated, "duplicated"),
    ].join(", ")}`,
    ...denialLines(report),
    ...rejectionLines(report),
    ...(risk.by === "" ? [] : [`risk     ${colors.yellow(describeTrading(risk))}`]),
    `fills    ${fills.count}, profit ${shortProfit(portfolio.profit)} after fees`,
    ...performanceLines(performance).map((line) => `  ${line}`),
    "",
    ...latencyLines(report).map((line) => `  ${line}`),
    "",
    `memory   ${memory.rssMb} MB resident, ${memory.heapMb} MB heap`,
    `journal  ${journal.path}: ${journal.events} events, ${journal.bytes} bytes, head ${journal.headHash.slice(0, 16)}`,
  ];
  if (faults.length === 0) return lines;
  lines.push(colors.yellow(`faults   ${faults.length}`));
  for (const fault of faults.slice(0, 20))
    lines.push(`  ${fault.source}: ${fault.message}${fault.count > 1 ? ` (${fault.count} times)` : ""}`);
  if (faults.length > 20) lines.push(`  ... and ${faults.length - 20} more in the report`);
  return lines;
}

/** Why orders were denied, as far as a line is good for. */
function denialLines({ risk: { denials } }: Report): readonly string[] {
  if (denials.length === 0) return [];
  const shown = denials.slice(0, DENIALS_SHOWN).map(({ count, code, voter }) => `${count} ${code} (${voter})`);
  const left = denials.length - shown.length;
  return [`denied   ${shown.join(", ")}${left > 0 ? `; ${left} more in the report` : ""}`];
}

/** Why orders were rejected, a line each as long as they are few. */
function rejectionLines({ rejections }: Report): readonly string[] {
  const shown = rejections.slice(0, REJECTIONS_SHOWN).map(({ count, reason }) => `rejected ${count}: ${reason}`);
  const left = rejections.length - shown.length;
  return left > 0 ? [...shown, `         and for ${left} more reasons in the report`] : shown;
}

function instrumentLines({ market }: Report): readonly string[] {
  const header = ["instrument", "messages", "book", "trades", "quotes", "gaps", "best bid", "best ask"];
  const rows = Object.entries(market.instruments).map(([id, of]) => [
    id,
    String(of.messages),
    String(of.bookUpdates),
    String(of.trades),
    String(of.quotes),
    String(of.gaps),
    of.book?.bestBid?.[0] ?? "-",
    of.book?.bestAsk?.[0] ?? "-",
  ]);
  return table([header, ...rows]).map((line) => `  ${line}`);
}

function latencyLines({ latency }: Report): readonly string[] {
  const header = ["latency", "count", "mean", "p50", "p99", "p99.9", "max"];
  const rows = STAGES.map((stage) => {
    const { count, mean, p50, p99, p999, max } = latency[stage];
    const times = [mean, p50, p99, p999, max];
    return [stage, String(count), ...times.map((us) => (count === 0 ? "-" : shortUs(us)))];
  });
  return table([header, ...rows]);
}
