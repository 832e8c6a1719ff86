import type { BacktestReport } from "../backtest/backtest-report.ts";
import {
  failureLines,
  figureRows,
  haltRows,
  latencyRows,
  monteCarloRows,
  paramText,
  strategyRows,
  sweepNote,
  sweepRows,
  takenOutLines,
  walkForwardRows,
} from "../backtest/report-rows.ts";
import { colors, table } from "./output.ts";

const MOST_TRIALS = 15;
const MOST_DENIALS = 5;
const MOST_FAILED = 10;

/** What a person wants to know of a backtest. Pure. */
export function backtestLines(report: BacktestReport): readonly string[] {
  const { data, settings, faults, sweep, walkForward, monteCarlo, performance } = report;
  const span = `${time(report.fromUs)} to ${time(report.toUs)} UTC`;
  const figures = figureRows(report);
  const lines = [
    ...takenOutLines(report).map((line) => colors.red(`failed   ${line}`)),
    ...report.unheard.map((line) => colors.yellow(`unheard  ${line}`)),
    "",
    colors.bold(`Backtest of ${report.strategies.map(({ name }) => name).join(", ")}, tier ${report.tier}`),
    `data     ${data.format}, ${data.instruments.join(", ")}; ${span}`,
    `reading  ${data.rows} rows in ${(data.readMs / 1000).toFixed(2)} s (not part of the run)`,
    `run      ${report.events} events in ${(report.elapsedMs / 1000).toFixed(3)} s: ${colors.bold(`${millions(report.eventsPerSecond)} events/s`)}`,
    `account  ${Object.entries(settings.balances)
      .map(([asset, amount]) => `${amount} ${asset}`)
      .join(", ")}; fees maker ${settings.fees.makerBps} bps, taker ${settings.fees.takerBps} bps`,
    `latency  feed ${settings.latency.feed}, order ${settings.latency.order}; seed ${settings.seed}`,
    `orders   ${Object.entries(report.orders)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
    ...report.denials
      .slice(0, MOST_DENIALS)
      .map(({ count, code, voter, example }) => `denied   ${count} times ${code} by ${voter}: ${example}`),
    ...report.rejections
      .slice(0, MOST_DENIALS)
      .map(({ count, reason }) => `rejected ${count} times by the simulated venue: ${reason}`),
    ...haltRows(report)
      .slice(1)
      .map(([at, code, state, , why]) => colors.yellow(`risk     ${at} UTC ${code}, trading ${state}: ${why}`)),
    "",
    ...table(figures.map(([name = "", value = ""]) => [name, value])).map((line) => `  ${line}`),
    "",
    ...indented(table(strategyRows(report))),
    "",
    ...indented(table(latencyRows(report))),
  ];
  if (sweep !== null) {
    const shown = Math.min(MOST_TRIALS, sweep.best.length);
    lines.push(
      "",
      colors.bold(`Sweep: the best ${shown} of ${sweep.trials}`),
      ...indented(table(sweepRows(sweep, MOST_TRIALS))),
      sweep.isAllTheSame ? colors.yellow(sweepNote(sweep)) : sweepNote(sweep),
    );
    if (sweep.failed > 0)
      lines.push(
        colors.yellow(`Failed: ${sweep.failed} of ${sweep.trials}`),
        ...indented(failureLines(sweep, MOST_FAILED)),
      );
    lines.push(
      `What stands above is ${sweep.isAllTheSame ? "the first" : "the best"} one: ${paramText(sweep.best[0]?.params ?? {})}`,
    );
  }
  if (walkForward !== null)
    lines.push(
      "",
      colors.bold("Walk-forward"),
      ...indented(table(walkForwardRows(walkForward))),
      `What stands above is the whole span with what the last window chose: ${paramText(walkForward.windows.at(-1)?.set ?? {})}`,
    );
  if (monteCarlo !== null)
    lines.push(
      "",
      colors.bold(`Monte Carlo: ${monteCarlo.runs} runs of ${monteCarlo.trades} closed trades`),
      ...indented(table(monteCarloRows(monteCarlo, performance.asset))),
    );
  lines.push("", `Not modelled at tier ${report.tier}:`, ...report.ignores.map((line) => `  - ${line}`));
  for (const note of data.notes) lines.push(colors.yellow(`note     ${note}`));
  if (faults.length > 0) lines.push(colors.yellow(`faults   ${faults.length}`));
  for (const fault of faults.slice(0, 10)) lines.push(`  ${fault}`);
  if (faults.length > 10) lines.push(`  ... and ${faults.length - 10} more in the report`);
  return lines;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function millions(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(1)} M` : String(perSecond);
}

function time(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 19).replace("T", " ");
}
