import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { latencyRows, orderRows, serviceRows, shareText, throughputRows } from "../../observe/performance-lines.ts";
import { performancePage } from "../../observe/performance-page.ts";
import {
  type ProcessPerformance,
  performanceReport,
  type RunPerformanceReport,
} from "../../observe/performance-report.ts";
import { type ProcessSamples, readSamples, type TimeSpan } from "../../observe/run-samples.ts";
import { SAMPLE_FILE } from "../../observe/sample-file.ts";
import { runFolders } from "../../session-file.ts";
import { findRunFolder } from "../find-run.ts";
import { checkWritable, writeJson, writeWhole } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors, table } from "../output.ts";

interface ReportFlags {
  readonly day?: string;
  readonly json?: string;
  readonly html?: string;
}

const DAY_US = 86_400e6;
const ALL_TIME: TimeSpan = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

/** `pitlane report [RUN] | --day DAY`: how fast, how much and how well. */
export function addReport(program: Command, { cwd, output, stop }: CommandContext): void {
  program
    .command("report")
    .description("how a run, or all runs of a day, performed: service level, latency, throughput, orders, memory")
    .argument("[run]", "the run's id, folder or journal; it may be running (default: the latest run here)")
    .option("--day <date>", "all runs of this day, such as 2026-01-31 (UTC), in place of one run")
    .option("-j, --json <file>", "write it as JSON to this file")
    .option("--html <file>", "write it as a page of its own to this file")
    .action(async (run: string | undefined, { day, json, html }: ReportFlags) => {
      if (day !== undefined && run !== undefined)
        throw new InvalidInputError("--day is of all runs: leave the run out, or --day");
      const jsonPath = json === undefined ? undefined : checkWritable(resolve(cwd, json));
      const htmlPath = html === undefined ? undefined : checkWritable(resolve(cwd, html), "--html");
      const { report, samples } = day === undefined ? await ofRun(run, cwd, stop) : await ofDay(day, cwd, stop);
      if (jsonPath !== undefined) writeJson(jsonPath, report);
      if (htmlPath !== undefined) writeWhole(htmlPath, performancePage(report, samples));
      for (const line of reportLines(report)) output.line(line);
      for (const path of [jsonPath, htmlPath])
        if (path !== undefined) output.line(`report   ${relative(cwd, path) || path}`);
    });
}

interface Reported {
  readonly report: RunPerformanceReport;
  readonly samples: readonly ProcessSamples[];
}

async function ofRun(run: string | undefined, cwd: string, stop: AbortSignal): Promise<Reported> {
  const folder = findRunFolder(run, cwd);
  const path = join(folder, SAMPLE_FILE);
  if (!existsSync(path))
    throw new InvalidInputError(
      `${folder} has no ${SAMPLE_FILE}: its session was run by an earlier version, or not by the command line`,
    );
  const samples = await readSamples(path, ALL_TIME, stop);
  if (samples.length === 0)
    throw new InvalidInputError(`${path} has no sample: the session has ended within its first second`);
  const name = samples[0]?.start.run ?? basename(folder);
  return { report: performanceReport("run", name, samples, ALL_TIME), samples };
}

async function ofDay(day: string, cwd: string, stop: AbortSignal): Promise<Reported> {
  const span = parseDay(day);
  const samples: ProcessSamples[] = [];
  for (const folder of runFolders(cwd)) {
    const path = join(folder, SAMPLE_FILE);
    if (existsSync(path)) samples.push(...(await readSamples(path, span, stop)));
  }
  samples.sort((a, b) => a.start.t - b.start.t);
  if (samples.length === 0)
    throw new InvalidInputError(`no run in ${join(cwd, ".pitlane", "runs")} has a sample of ${day} (UTC)`);
  return { report: performanceReport("day", day, samples, span), samples };
}

/** @throws {InvalidInputError} When it is no day. */
function parseDay(text: string): TimeSpan {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new InvalidInputError(`--day must be a day such as 2026-01-31; got "${text}"`);
  return { fromUs: ms * 1000, toUs: ms * 1000 + DAY_US };
}

/** What a person wants to know of it. Pure. */
function reportLines({ kind, name, service, processes, notes }: RunPerformanceReport): readonly string[] {
  const { all, goal } = service;
  const isMet = all.share !== null && all.share >= goal;
  const words = `all targets held in ${shareText(all)} of ${all.counted} s, the goal is ${(goal * 100).toFixed(1)} %`;
  return [
    `${colors.bold("pitlane report")}  ${kind} ${name}`,
    isMet ? colors.green(words) : colors.yellow(words),
    ...table(serviceRows(service)),
    ...processes.flatMap((process) => ["", ...processLines(process)]),
    ...notes.map((note) => colors.yellow(`note     ${note}`)),
  ];
}

function processLines(process: ProcessPerformance): readonly string[] {
  const { run, seconds, memory, profit, journal, alerts, faults } = process;
  return [
    colors.bold(`run ${run}, ${seconds} s`),
    ...table(latencyRows(process)),
    ...table(throughputRows(process)),
    `orders   ${orderRows(process)
      .slice(1)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ")}`,
    `profit   ${profit.map(({ asset, profit: amount }) => `${amount} ${asset}`).join(", ") || "none"}`,
    `memory   RSS ${memory.rssMb} MB, at most ${memory.rssMostMb}; heap ${memory.heapMb} MB, at most ${memory.heapMostMb}`,
    `journal  ${journal.events} rows, ${(journal.bytes / 1e6).toFixed(1)} MB`,
    `alerts   ${alerts.length}; faults ${faults.length}`,
  ];
}
