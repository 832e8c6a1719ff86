import { CHART_STYLE, htmlChart } from "../backtest/html-chart.ts";
import { PAGE_STYLE } from "../backtest/html-style.ts";
import { escapeHtml, htmlTable } from "../backtest/html-text.ts";
import { type Line, thin } from "../backtest/price-line.ts";
import { latencyRows, orderRows, serviceRows, shareText, throughputRows } from "./performance-lines.ts";
import type { ProcessPerformance, RunPerformanceReport } from "./performance-report.ts";
import type { ProcessSamples } from "./run-samples.ts";
import type { SampleRow } from "./sample-rows.ts";

const MOST_POINTS = 1_000;
const MOST_LISTED = 100;

/** What a chart is of. */
interface Curve {
  readonly id: string;
  readonly title: string;
  /** Undefined where a second says nothing of it. */
  readonly read: (row: SampleRow) => number | undefined;
  readonly format: (value: number) => string;
}

const CURVES: readonly Curve[] = [
  { id: "execution-p50", title: "Order execution, p50 of each second", read: ({ l }) => l.execution?.[0], format: us },
  { id: "execution-p99", title: "Order execution, p99 of each second", read: ({ l }) => l.execution?.[2], format: us },
  { id: "tick-p99", title: "Tick to order, p99 of each second", read: ({ l }) => l.tickToOrder?.[2], format: us },
  { id: "events", title: "Market events a second", read: ({ r }) => r[0], format: plain },
  { id: "orders", title: "Orders a second", read: ({ r }) => r[1], format: plain },
  { id: "loop", title: "Longest delay of the event loop in each second", read: ({ d }) => d[1], format: us },
  { id: "gc", title: "Longest garbage collection in each second", read: ({ d }) => d[0], format: us },
  { id: "rss", title: "Memory (RSS)", read: ({ m }) => m[0], format: (value) => `${plain(value)} MB` },
  { id: "heap", title: "Heap in use", read: ({ m }) => m[1], format: (value) => `${plain(value)} MB` },
  { id: "cpu", title: "CPU, of one core", read: ({ m }) => m[2], format: (value) => `${plain(value)} %` },
];

/**
 * A performance report as one page that needs nothing else: no script is in it, and its policy forbids every request. Charts have at most
 * 1,000 points each, of each stretch the lowest and the highest, so that no spike is lost. Pure.
 */
export function performancePage(report: RunPerformanceReport, samples: readonly ProcessSamples[]): string {
  const title = report.kind === "day" ? `Performance of ${report.name}` : `Performance of run ${report.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}
${CHART_STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(title)}</h1><p>${escapeHtml(subtitle(report))}</p></header>
<main>
<section><h2>Service level</h2><p>${escapeHtml(verdict(report))}</p>${htmlTable(serviceRows(report.service))}</section>
${report.processes.map(processSection).join("\n")}
<section><h2>Over time</h2>${charts(samples)}</section>
${notes(report)}
</main>
<footer>Pitlane ${escapeHtml(report.version)}. Times are UTC. A second that says nothing of a target counts for nothing there.</footer>
</body>
</html>
`;
}

function subtitle({ fromUs, toUs, processes }: RunPerformanceReport): string {
  if (processes.length === 0) return "Nothing was measured.";
  const seconds = processes.reduce((sum, one) => sum + one.seconds, 0);
  const events = processes.reduce((sum, { throughput }) => sum + throughput.events.count, 0);
  const orders = processes.reduce((sum, { throughput }) => sum + throughput.orders.count, 0);
  return `${stamp(fromUs)} to ${stamp(toUs)} UTC, ${plain(seconds)} s measured: ${plain(events)} market events, ${plain(orders)} orders.`;
}

function verdict({ service: { all, goal } }: RunPerformanceReport): string {
  if (all.share === null) return "No second was measured.";
  const isMet = all.share >= goal;
  return `All targets held in ${shareText(all)} of the time; the goal is ${(goal * 100).toFixed(1)} %, which is ${isMet ? "met" : "not met"}.`;
}

function processSection(process: ProcessPerformance): string {
  const { run, fromUs, toUs, version, node, latencySinceUs, profit, memory, journal, alerts, faults } = process;
  const heading = `<h2>Run ${escapeHtml(run)}, ${stamp(fromUs)} to ${stamp(toUs)}</h2>`;
  const figures = [
    ...profit.map((one) => [`profit, ${one.asset}`, one.profit]),
    ["memory (RSS), at most", `${memory.rssMostMb} MB`],
    ["heap, at most", `${memory.heapMostMb} MB`],
    ["journal", `${plain(journal.events)} rows, ${plain(Math.round(journal.bytes / 1e5) / 10)} MB`],
    ["alerts", String(alerts.length)],
    ["faults", String(faults.length)],
    ["Pitlane, Node", `${version}, ${node}`],
  ];
  const since = latencySinceUs < fromUs ? `<p>Since ${stamp(latencySinceUs)}, when it was started.</p>` : "";
  return `${heading}<section class="figures">${figures
    .map(([name = "", value = ""]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</section>
<section><h2>Latency by stage</h2>${since}${htmlTable(latencyRows(process))}</section>
<section><h2>Throughput</h2>${htmlTable(throughputRows(process))}</section>
<section><h2>Orders</h2>${htmlTable(orderRows(process))}</section>
${alertSection(process)}${faultSection(process)}`;
}

function alertSection({ alerts }: ProcessPerformance): string {
  if (alerts.length === 0) return "";
  const rows = alerts
    .slice(0, MOST_LISTED)
    .map(({ raisedAtUs, severity, title, subject, value, threshold, unit, state }) => [
      stamp(raisedAtUs),
      severity,
      subject === "" ? title : `${title}, ${subject}`,
      `${short(value)} of ${threshold} ${unit}`,
      state,
    ]);
  return `<section><h2>${alerts.length} alerts</h2>${htmlTable([["raised", "severity", "what", "value", "state"], ...rows])}</section>`;
}

function faultSection({ faults }: ProcessPerformance): string {
  if (faults.length === 0) return "";
  const shown = faults
    .slice(0, MOST_LISTED)
    .map(({ atUs, source, message }) => `<li>${escapeHtml(`${stamp(atUs)} ${source}: ${message}`)}</li>`);
  return `<section class="faults"><h2>${faults.length} faults</h2><ul>${shown.join("")}</ul></section>`;
}

function charts(samples: readonly ProcessSamples[]): string {
  const rows = samples.flatMap((one) => one.samples).sort((a, b) => a.t - b.t);
  const drawn = CURVES.map(({ id, title, read, format }) => {
    const line = lineOf(rows, read);
    return line.values.length < 2 ? "" : htmlChart({ id, title, line, format, isStatic: true, isFromZero: true });
  });
  return [...drawn, ...profitCharts(rows)].join("") || "<p>Too few seconds for a picture.</p>";
}

function profitCharts(rows: readonly SampleRow[]): readonly string[] {
  const assets = [...new Set(rows.flatMap(({ p }) => Object.keys(p)))].sort();
  return assets.map((asset, i) => {
    const line = lineOf(rows, ({ p }) => (p[asset] === undefined ? undefined : Number(p[asset]))); // drawn, not added up
    const format = (value: number) => `${plain(value)} ${asset}`;
    return htmlChart({ id: `profit-${i}`, title: `Profit, ${asset}`, line, format, isStatic: true });
  });
}

function lineOf(rows: readonly SampleRow[], read: Curve["read"]): Line {
  const atUs: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    const value = read(row);
    if (value === undefined || Number.isNaN(value)) continue;
    atUs.push(row.t);
    values.push(value);
  }
  return thin({ atUs, values, length: atUs.length }, MOST_POINTS);
}

function notes({ notes: all }: RunPerformanceReport): string {
  if (all.length === 0) return "";
  return `<section><h2>What is not told</h2><ul>${all.map((note) => `<li>${escapeHtml(note)}</li>`).join("")}</ul></section>`;
}

function short(value: number): string {
  return Math.abs(value) >= 1000 ? plain(value) : String(Number(value.toPrecision(3)));
}

function us(value: number): string {
  return value >= 10_000 ? `${plain(Math.round(value / 100) / 10)} ms` : `${plain(value)} us`;
}

function plain(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0 });
}

function stamp(atUs: number): string {
  return new Date(atUs / 1000).toISOString().slice(0, 19).replace("T", " ");
}
