import { relative, resolve } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import type { EndReason } from "../../report.ts";
import { createCollector } from "../../soak/collect.ts";
import { MEMORY_SERIES, MemoryWatch, type SeriesTrend, type SoakFindings } from "../../soak/memory-watch.ts";
import { VERSION } from "../../version.ts";
import { startExchange } from "../exchange-process.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors, Output } from "../output.ts";
import { parseDuration } from "../parse.ts";
import { runSession } from "../run-session.ts";
import { withSecrets } from "../secrets.ts";
import { flagSetting, type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";

interface SoakFlags extends SettingsFlags {
  readonly duration: string;
  readonly maxGrowth?: string;
  readonly json?: string;
  readonly collect: boolean;
}

const LEAST_MS = 60_000;
const HOUR_MS = 3_600_000;
const READ_EVERY_MS = 1_000;
const WARM_SHARE = 0.5; // of the run: code is compiled, and buffers fill that keep the last so many of something,
const LONGEST_WARM_MS = 20 * 60_000; // the slowest of them 10,000 orders that have ended
const MOST_BLOCKS = 240;
const LEAST_BLOCK_READINGS = 4;
const MIB = 2 ** 20;

const HELP = `
The exchange runs in a process of its own. Each second heap, external memory and RSS are read; the first half of the run, 20 minutes at most, is
left out. Of each block the least reading counts, after a full collection (--no-collect leaves V8 alone: intervals are then wider). A least
squares line through them gives the growth, and Student's t its 95 % interval, for as many values as are left when neighbours resemble each other.
What moved by less in all than the limit allows over that time is within it too, whatever its curve.
Exit code: 0 growth is surely within the limit; 1 it is surely above ("growing"), or the interval holds the limit ("inconclusive": run longer).
A whole day: pitlane soak --duration 24h --max-growth 1 --json soak.json`;

/** `pitlane soak`: does memory stay where it is while the configured strategies trade? */
export function addSoak(program: Command, context: SettingsContext): void {
  withSettingsFlags(
    program
      .command("soak")
      .description("run the configured strategies on a paper exchange and look for growth of memory"),
  )
    .option("-d, --duration <time>", "how long, 1m at least; 10m or more says something", "10m")
    .option(
      "--max-growth <MiB>",
      "most growth of heap, and of external memory, in MiB an hour (default: 8; 128 for less than an hour)",
    )
    .option("--no-collect", "do not collect garbage at the end of each block")
    .option("-j, --json <file>", "write what was found to this file")
    .addHelpText("after", HELP)
    .action(async (flags: SoakFlags) => context.end(await soak(flags, context)));
}

async function soak(flags: SoakFlags, context: SettingsContext): Promise<number> {
  const { cwd, output } = context;
  const durationMs = parseDuration("--duration", flags.duration);
  if (durationMs < LEAST_MS) throw new InvalidInputError("--duration must be 1m at least: less says nothing of growth");
  const maxGrowth = flags.maxGrowth === undefined ? defaultGrowth(durationMs) : parseGrowth(flags.maxGrowth);
  const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
  const noDashboard = flagSetting(["dashboard", "enabled"], false, "soak");
  const { config } = await settingsOf(flags, context, [noDashboard]);
  const { strategies, observers, dashboard, alerts } = config;
  const secrets = await withSecrets({ strategies, observers, dashboard, alerts }, context);
  const exchange = await startExchange(
    [process.execPath, ...process.argv.slice(1, 2)],
    ["--seed", String(config.seed)],
  );
  const warmUpMs = Math.min(durationMs * WARM_SHARE, LONGEST_WARM_MS);
  const readings = Math.floor((durationMs - warmUpMs) / READ_EVERY_MS);
  const blockReadings = Math.max(
    LEAST_BLOCK_READINGS,
    Math.min(10, Math.floor(readings / 12)),
    Math.ceil(readings / MOST_BLOCKS),
  );
  const watch = new MemoryWatch({ blockReadings, secondsPerReading: READ_EVERY_MS / 1000 });
  const stopWatching = watchMemory(watch, warmUpMs, flags.collect);
  let code: number;
  try {
    code = await runSession({
      config,
      withSecrets: secrets,
      durationMs,
      recordings: [],
      speed: 0,
      jsonPath: undefined,
      journalPath: undefined,
      isResumed: false,
      isWatched: false,
      exchanges: [{ name: "paper", url: exchange.url }],
      cwd,
      output: new Output({ write: (text) => output.terminal.write(text) }, (text) => context.redactor.redact(text)),
      redact: (text) => context.redactor.redact(text),
      stop: context.stop,
      onHaltSignal: context.onHaltSignal,
    });
  } finally {
    stopWatching();
    await exchange.close();
  }
  if (code !== EXIT.done) {
    output.line(colors.red("the session did not run to its end: nothing is said of memory"));
    return code;
  }
  if (context.stop.aborted) output.line(colors.yellow(`stopped early, by ${context.stop.reason as EndReason}`));
  const findings = watch.findings(maxGrowth * MIB);
  const report = {
    version: VERSION,
    node: process.version,
    durationMs,
    blockSeconds: blockReadings,
    warmUpMs,
    maxGrowth: maxGrowth * MIB,
    collected: flags.collect,
    ...findings,
  };
  if (jsonPath !== undefined) writeJson(jsonPath, report);
  for (const line of soakLines(findings, maxGrowth, blockReadings)) output.line(line);
  if (jsonPath !== undefined) output.line(`report   ${relative(cwd, jsonPath) || jsonPath}`);
  return findings.verdict === "flat" ? EXIT.done : EXIT.failed;
}

/** Reads memory each second once the session is warm; what it returns ends that. */
function watchMemory(watch: MemoryWatch, warmMs: number, isCollected: boolean): () => void {
  const collect = isCollected ? createCollector() : () => {};
  const clock = createSystemClock();
  const beginNs = clock.monotonicNs() + warmMs * 1e6;
  const timer = setInterval(() => {
    if (clock.monotonicNs() < beginNs) return;
    if (watch.isBlockEnding) collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    watch.add({ heapUsed, external, rss });
  }, READ_EVERY_MS);
  return () => clearInterval(timer);
}

/** What a person wants to know. Pure. */
export function soakLines(
  { verdict, series }: SoakFindings,
  maxGrowth: number,
  blockSeconds: number,
): readonly string[] {
  const words = {
    flat: colors.green("flat: growth is within the limit"),
    growing: colors.red("growing: growth is above the limit"),
    inconclusive: colors.yellow("inconclusive: let it run longer to tell it from growth above the limit"),
  }[verdict];
  return [
    `${words} of ${maxGrowth} MiB an hour`,
    ...MEMORY_SERIES.map((name) => seriesLine(name, series[name], blockSeconds)),
  ];
}

function seriesLine(name: string, trend: SeriesTrend, blockSeconds: number): string {
  const { slope, low, high, blocks, effectiveBlocks, autocorrelation, verdict, mean, most, range } = trend;
  const mib = (bytes: number) => (bytes / MIB).toFixed(2);
  const interval = low === null || high === null ? "no interval" : `95 % ${mib(low)} to ${mib(high)}`;
  const basis = `${blocks} blocks of ${blockSeconds} s, worth ${effectiveBlocks} (r ${autocorrelation})`;
  return `${name.padEnd(9)} ${mib(slope)} MiB/h, ${interval}, from ${basis}; moved by ${mib(range)} MiB; mean ${mib(mean)} MiB, most ${mib(most)} MiB; ${verdict ?? "shown only"}`;
}

/**
 * In a short run the last 10,000 ended orders are still coming together, at 1.7 MiB an hour for each order a second, and V8 compiles code: that is
 * growth, and no leak. After 20 minutes they are there at 8 orders a second or more; at fewer, those to come are below the limit.
 */
function defaultGrowth(durationMs: number): number {
  return durationMs < HOUR_MS ? 128 : 8;
}

function parseGrowth(text: string): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.001 && value <= 100_000) return value;
  throw new InvalidInputError(`--max-growth must be MiB an hour, 0.001 to 100000; got "${text}"`);
}
