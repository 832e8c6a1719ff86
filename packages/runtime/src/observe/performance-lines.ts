import { STAGES } from "../latency.ts";
import type { ServiceLevel, TargetLevel } from "../service-level.ts";
import { ORDER_COUNTS, type ProcessPerformance } from "./performance-report.ts";

/** Rows of tables, for the terminal and for the page; the first row is the head. All pure. */
type Rows = readonly (readonly string[])[];

export function serviceRows({ targets, all }: ServiceLevel): Rows {
  const rows = targets.map((target) => [target.title, limitText(target), shareText(target), String(target.counted)]);
  return [
    ["target", "limit", "share of time", "seconds"],
    ...rows,
    ["all of them", "", shareText(all), String(all.counted)],
  ];
}

export function latencyRows({ latency }: ProcessPerformance): Rows {
  const rows = STAGES.flatMap((stage) => {
    const figures = latency[stage];
    if (figures === undefined) return [];
    const { count, mean, p50, p95, p99, p999, max } = figures;
    return [[stage, ...[mean, p50, p95, p99, p999, max].map((us) => us.toFixed(1)), String(count)]];
  });
  return [["stage, us", "mean", "p50", "p95", "p99", "p99.9", "longest", "count"], ...rows];
}

export function throughputRows({ throughput }: ProcessPerformance): Rows {
  const rows = (["events", "orders", "fills"] as const).map((name) => {
    const { count, averagePerSecond, peakPerSecond } = throughput[name];
    return [name, String(count), String(averagePerSecond), String(peakPerSecond)];
  });
  return [["", "count", "a second, mean", "a second, most"], ...rows];
}

export function orderRows({ orders, unknown, open }: ProcessPerformance): Rows {
  const counts = ORDER_COUNTS.map((name) => [name, String(orders[name])]);
  return [["orders", "count"], ...counts, ["unknown at the end", String(unknown)], ["open at the end", String(open)]];
}

/** Never rounded up to 100 %. */
export function shareText({ share, held, counted }: Pick<TargetLevel, "share" | "held" | "counted">): string {
  if (share === null) return "-";
  const percent = held === counted ? 100 : Math.min(99.99, Math.floor(share * 10_000) / 100);
  return `${percent.toFixed(2)} %`;
}

function limitText({ threshold, unit, good }: TargetLevel): string {
  const sign = good === "less" ? "<" : ">";
  if (unit === "us") return threshold >= 1000 ? `${sign} ${threshold / 1000} ms` : `${sign} ${threshold} us`;
  if (unit === "MB") return `${sign} ${threshold} MB`;
  return unit === "percent" ? `${sign} ${threshold} %` : `${sign} ${threshold * 100} %`;
}
