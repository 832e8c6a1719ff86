import { formatScaled } from "@pitlane/sdk";
import type { BacktestReport } from "./backtest-report.ts";
import { CHART_SCRIPT, CHART_STYLE, htmlChart, type Mark } from "./html-chart.ts";
import { PAGE_STYLE } from "./html-style.ts";
import { escapeHtml, htmlTable } from "./html-text.ts";
import { type Line, priceLine, thin } from "./price-line.ts";
import type { LoadedData } from "./readers/read-market-data.ts";
import {
  failureLines,
  figureRows,
  haltRows,
  latencyRows,
  monteCarloRows,
  settingRows,
  strategyRows,
  sweepNote,
  sweepRows,
  takenOutLines,
  walkForwardRows,
} from "./report-rows.ts";
import type { SimFill } from "./result.ts";

const MOST_POINTS = 1_200;
const MOST_MARKS = 1_500;
const MOST_PRICES = 6;

/** What the pictures are of, beside the report. */
export interface ReportPictures {
  readonly loaded: LoadedData;
  readonly fills: readonly SimFill[];
}

/**
 * A report as one page that needs nothing else: styles, pictures and the little script are in it, and its policy forbids every request.
 * Its size does not grow with the data: lines have at most 1,200 points, pictures at most 1,500 fills, tables a bound each. Pure.
 *
 * @example
 * writeFileSync("backtest.html", htmlReport(report, { loaded, fills: result.fills }));
 */
export function htmlReport(report: BacktestReport, pictures: ReportPictures): string {
  const names = report.strategies.map(({ name }) => name).join(", ");
  const title = `${names}: backtest from ${day(report.fromUs)} to ${day(report.toUs)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}
${CHART_STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(names)}</h1><p>${escapeHtml(subtitle(report))}</p></header>
<main>
<section class="figures">${figureRows(report)
    .map(([name = "", value = ""]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join("")}</section>
${halts(report)}
${faults(report)}
<section>${equityCharts(report)}${priceCharts(pictures)}</section>
<section><h2>Strategies</h2>${htmlTable(strategyRows(report))}</section>
${tables(report)}
${denials(report)}
${rejections(report)}
<section><h2>Latency</h2>${htmlTable(latencyRows(report))}</section>
<section><h2>What this backtest leaves out</h2><ul>${[...report.ignores, ...report.data.notes]
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .join("")}</ul></section>
<section><h2>Settings</h2>${htmlTable(settingRows(report))}<details><summary>Configs of the strategies</summary><pre>${escapeHtml(
    JSON.stringify(report.config, null, 2),
  )}</pre></details></section>
</main>
<footer>Pitlane ${escapeHtml(report.version)}. A backtest is a model of the past, not a promise.</footer>
<script>${CHART_SCRIPT}</script>
</body>
</html>
`;
}

function subtitle({ data, tier, fromUs, toUs, events, eventsPerSecond }: BacktestReport): string {
  const instruments =
    data.instruments.length > 4 ? `${data.instruments.length} instruments` : data.instruments.join(", ");
  return `${instruments}. ${minute(fromUs)} to ${minute(toUs)} UTC, ${events.toLocaleString("en")} events of tier ${tier}, ${eventsPerSecond.toLocaleString("en")} a second.`;
}

function equityCharts({ curve, performance, walkForward, halts }: BacktestReport): string {
  const { asset } = performance;
  const line = { atUs: curve.map(([atUs]) => atUs), values: curve.map(([, equity]) => Number(equity)) };
  const format = (value: number, digits: number) => `${amount(value, digits)} ${asset}`;
  const common = { format, axis: amount };
  const marks = halts.map(
    ({ atUs, code, reason }): Mark => ({
      atUs,
      value: Number(curve.findLast(([at]) => at <= atUs)?.[1] ?? performance.capital),
      kind: "halt",
      text: `${code}: ${reason}`,
    }),
  );
  const equity = htmlChart({ id: "equity", title: `Equity, ${asset}`, line: thinned(line), ...common, marks });
  const fall = htmlChart({
    id: "drawdown",
    title: `Drawdown at the points of the curve, ${asset}`,
    line: thinned(drawdowns(line)),
    ...common,
    fill: "below",
  });
  if (walkForward === null) return equity + fall;
  const { atUs, equity: amounts } = walkForward.joined.curve;
  const joined = { atUs, values: amounts.map(Number) };
  const title = `Equity of the walk-forward tests, one after the other, ${asset}`;
  return `${htmlChart({ id: "forward", title, line: thinned(joined), ...common })}${equity}${fall}`;
}

function drawdowns({ atUs, values }: Line): Line {
  let peak = Number.NEGATIVE_INFINITY;
  return {
    atUs,
    values: values.map((value) => {
      peak = Math.max(peak, value);
      return value - peak;
    }),
  };
}

function priceCharts({ loaded, fills }: ReportPictures): string {
  return loaded.data
    .slice(0, MOST_PRICES)
    .map(({ instrument, columns }, i) => {
      const scale = 10 ** instrument.priceDecimals;
      const { atUs, values } = priceLine(columns, MOST_POINTS);
      const own = fills.filter((fill) => fill.instrument === instrument.id);
      const step = Math.max(1, Math.ceil(own.length / MOST_MARKS));
      const shown = own.filter((_, at) => at % step === 0);
      const some = shown.length === own.length ? "" : ` (every ${step}th fill)`;
      const marks = shown.map(
        (fill): Mark => ({
          atUs: fill.atUs,
          value: fill.priceTicks / scale,
          kind: fill.side,
          text: `${fill.strategy} ${fill.side === "buy" ? "bought" : "sold"} ${formatScaled(fill.sizeLots, instrument.sizeDecimals)} at ${formatScaled(fill.priceTicks, instrument.priceDecimals)}${fill.isMaker ? ", maker" : ""}`,
        }),
      );
      return htmlChart({
        id: `price-${i}`,
        title: `${instrument.id}${some}`,
        line: { atUs, values: values.map((ticks) => ticks / scale) },
        format: (value) => value.toFixed(Math.min(instrument.priceDecimals, 8)),
        axis: (value, digits) => value.toFixed(Math.min(digits, 12)),
        marks,
      });
    })
    .join("");
}

function tables(report: BacktestReport): string {
  const { sweep, walkForward, monteCarlo } = report;
  const parts: string[] = [];
  if (walkForward !== null)
    parts.push(`<section><h2>Walk-forward</h2>${htmlTable(walkForwardRows(walkForward))}</section>`);
  if (sweep !== null)
    parts.push(
      `<section><h2>Sweep</h2><p>${escapeHtml(sweepNote(sweep))}</p>${htmlTable(sweepRows(sweep, 50))}${failures(sweep)}</section>`,
    );
  if (monteCarlo !== null)
    parts.push(
      `<section><h2>Monte Carlo</h2><p>${monteCarlo.runs.toLocaleString("en")} runs of ${monteCarlo.trades} closed trades, seed ${monteCarlo.seed}; ${(monteCarlo.lossShare * 100).toFixed(1)} % of the drawn ones end with a loss.</p>${htmlTable(monteCarloRows(monteCarlo, report.performance.asset))}</section>`,
    );
  return parts.join("\n");
}

function failures(sweep: NonNullable<BacktestReport["sweep"]>): string {
  if (sweep.failed === 0) return "";
  const shown = failureLines(sweep, 20).map((line) => `<li>${escapeHtml(line)}</li>`);
  return `<h3>${sweep.failed} failed</h3><ul>${shown.join("")}</ul>`;
}

function faults(report: BacktestReport): string {
  const { faults: all, unheard } = report;
  const first = [...takenOutLines(report), ...unheard];
  if (all.length + first.length === 0) return "";
  const shown = [...first, ...all.slice(0, 20)].map((line) => `<li>${escapeHtml(line)}</li>`);
  return `<section class="faults"><h2>${all.length} faults</h2><ul>${shown.join("")}</ul></section>`;
}

function halts(report: BacktestReport): string {
  if (report.halts.length === 0) return "";
  return `<section class="faults"><h2>Halted by risk</h2>${htmlTable(haltRows(report))}</section>`;
}

function denials({ denials: all }: BacktestReport): string {
  if (all.length === 0) return "";
  const rows = all.slice(0, 20).map(({ code, voter, count, example }) => [code, voter, String(count), example]);
  return `<section><h2>Denied orders</h2>${htmlTable([["code", "by", "times", "the first one"], ...rows])}</section>`;
}

function rejections({ rejections: all }: BacktestReport): string {
  if (all.length === 0) return "";
  const rows = all.slice(0, 20).map(({ reason, count }) => [reason, String(count)]);
  return `<section><h2>Orders rejected by the simulated venue</h2>${htmlTable([["reason", "times"], ...rows])}</section>`;
}

function thinned({ atUs, values }: Line): Line {
  return thin({ atUs, values, length: atUs.length }, MOST_POINTS);
}

function amount(value: number, digits: number): string {
  const most = Math.min(digits, 8);
  return value.toLocaleString("en", {
    minimumFractionDigits: most,
    maximumFractionDigits: most,
    signDisplay: "negative",
  });
}

const day = (us: number) => new Date(us / 1000).toISOString().slice(0, 10);
const minute = (us: number) => new Date(us / 1000).toISOString().slice(0, 16).replace("T", " ");
