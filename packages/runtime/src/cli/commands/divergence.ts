import { relative, resolve } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import type { Command } from "commander";
import { type DivergenceReport, divergeRun } from "../../backtest/diverge-run.ts";
import { divergenceRows, divergenceSummaryRows } from "../../backtest/divergence-rows.ts";
import { loadStrategies } from "../../plugins/load-strategies.ts";
import { readStartWithSegments } from "../../run-record.ts";
import { parseFees, parseLatency } from "../backtest-flags.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors, table } from "../output.ts";
import { parseDuration } from "../parse.ts";
import { withSecrets } from "../secrets.ts";
import { findJournal } from "./replay.ts";

interface DivergenceFlags {
  readonly fees?: string;
  readonly latency?: string;
  readonly near: string;
  readonly all?: true;
  readonly json?: string;
}

const MOST_ORDERS = 20;

const HELP = `
The strategies of the run, with its limits, balances and seed, see the market that the run saw, on a simulated venue. Orders are matched
by their number, then by the nearest in time of the same strategy, instrument and side.`;

/** `pitlane divergence RUN`: how far is a backtest of a session from the session? */
export function addDivergence(program: Command, context: SettingsContext): void {
  const { cwd, output, stop } = context;
  program
    .command("divergence")
    .description("backtest a session on the market it saw, and compare order by order what became of them")
    .argument("<run>", "the run's id, its folder, or its journal")
    .option("--fees <maker,taker>", "fees in basis points (default: what the session paid)")
    .option("--latency <feed,order>", "as of pitlane backtest (default: feed as recorded, orders as the session's)")
    .option("--near <time>", "most that orders without a common number are apart", "1s")
    .option("--all", "show every order")
    .option("-j, --json <file>", "write what was found to this file")
    .addHelpText("after", HELP)
    .action(async (run: string, { fees, latency, near, all, json }: DivergenceFlags) => {
      const jsonPath = json === undefined ? undefined : checkWritable(resolve(cwd, json));
      const nearestUs = parseDuration("--near", near) * 1000;
      const journalPath = findJournal(run, cwd);
      const { strategies } = (await readStartWithSegments(journalPath)).config;
      const plugins = await loadStrategies(await withSecrets(strategies, context), cwd);
      const named = latency === undefined ? undefined : await parseLatency(latency, cwd, stop);
      const report = await divergeRun({
        journalPath,
        plugins,
        ...(fees === undefined ? {} : { fees: parseFees(fees) }),
        ...(named === undefined ? {} : { latency: named.model }),
        nearestUs,
        clock: createSystemClock(),
        signal: stop,
      });
      if (jsonPath !== undefined) writeJson(jsonPath, report);
      for (const line of divergenceLines(report, all === true ? Number.POSITIVE_INFINITY : MOST_ORDERS))
        output.line(line);
      if (jsonPath !== undefined) output.line(`report   ${relative(cwd, jsonPath) || jsonPath}`);
    });
}

/** What a person wants to know of it. Pure. */
function divergenceLines(report: DivergenceReport, most: number): readonly string[] {
  const { run, tier, orders, notes, ignores, faults, fees } = report;
  const shown = Math.min(most, orders.length);
  return [
    colors.bold(`Divergence of run ${run.id} (${run.mode}) from its backtest, tier ${tier}`),
    `fees     maker ${fees.makerBps} bps, taker ${fees.takerBps} bps in the backtest`,
    ...table(divergenceSummaryRows(report.summary)).map((line) => `  ${line}`),
    "",
    `${shown} of ${orders.length} orders${shown < orders.length ? " (--all shows all of them)" : ""}`,
    ...table(divergenceRows(orders.slice(0, shown))).map((line) => `  ${line}`),
    "",
    `Not modelled at tier ${tier}:`,
    ...ignores.map((line) => `  - ${line}`),
    ...notes.map((note) => colors.yellow(`note     ${note}`)),
    ...faults.slice(0, 10).map((fault) => colors.yellow(`fault    ${fault}`)),
  ];
}
