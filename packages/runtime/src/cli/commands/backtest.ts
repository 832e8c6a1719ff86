import { relative, resolve } from "node:path";
import { type Clock, createSystemClock } from "@pitlane/perf";
import type { Command } from "commander";
import { backtestReport, instrumentsOf, type ReportParts } from "../../backtest/backtest-report.ts";
import { closedTrades } from "../../backtest/closed-trades.ts";
import { htmlReport } from "../../backtest/html-report.ts";
import type { MonteCarlo } from "../../backtest/monte-carlo.ts";
import { monteCarloOnThreads } from "../../backtest/monte-carlo-threads.ts";
import { type LoadedData, readMarketData } from "../../backtest/readers/read-market-data.ts";
import { readRecordedOrders } from "../../backtest/recorded-orders.ts";
import { takenOutLines } from "../../backtest/report-rows.ts";
import type { BacktestResult } from "../../backtest/result.ts";
import { runBacktest } from "../../backtest/run-backtest.ts";
import { shareData } from "../../backtest/shared-columns.ts";
import { bestOf, OBJECTIVES, runSweep, type Sweep } from "../../backtest/sweep.ts";
import { gridOf, type ParamSet, withParams } from "../../backtest/sweep-grid.ts";
import type { TrialOptions } from "../../backtest/trial.ts";
import { type RunTrials, TrialThreads } from "../../backtest/trial-batch.ts";
import { runWalkForward, type WalkForward, windowsOf } from "../../backtest/walk-forward.ts";
import { type Denial, DenialCounter } from "../../engines/denials.ts";
import { nameOf } from "../../plugins/entry.ts";
import { balanceTexts, checkBalances, checkFillTiers, parseBalances } from "../backtest-flags.ts";
import { type BacktestFlags, type BacktestJob, prepareBacktest } from "../backtest-job.ts";
import { backtestLines } from "../backtest-lines.ts";
import { EXIT } from "../exit.ts";
import { writeJson, writeWhole } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { withSettingsFlags } from "../settings-flags.ts";

const HELP = `
Data is told by its content: candles or trades as CSV (plain or gzip), recordings of Binance streams, the journal of a session or of
pitlane record. A folder is its files in order of time.
Examples:
  pitlane backtest ./my-strategy.ts --data btcusdt-1m.csv.gz --html report.html
  pitlane backtest ./my-strategy.ts --data recordings/ --latency recorded,5ms --balance USDT=10000 --balance BTC=0.1
  pitlane backtest ./my-strategy.ts --data btcusdt-1m.csv.gz --param fast=5..20:5 --param slow=30..90:30 --walk-forward 14d,3d`;

/** `pitlane backtest STRATEGY --data FILE`: the same strategy file on recorded data, with a simulated clock and venue. */
export function addBacktest(program: Command, context: SettingsContext): void {
  withSettingsFlags(
    program
      .command("backtest")
      .description("run a strategy on recorded data, with a simulated clock and venue")
      .argument("[strategy]", "the strategy file, such as ./my-strategy.ts (default: the strategies of the config)"),
  )
    .requiredOption("--data <path...>", "candles, trades, a recording or a journal: files, or a folder")
    .option("--from <time>", "begin here: 2024-08-08, 2024-08-08T12:30:00Z, or Unix time")
    .option("--to <time>", "end before this time")
    .option("--tier <name>", "bars, trades or depth (default: the richest that the data allows)")
    .option("--fees <maker,taker>", "fees in basis points", "10,10")
    .option(
      "--latency <feed,order>",
      "or the order's alone; each a time (500us, 2ms), a file of recorded microseconds, or recorded, which is none for orders",
      "recorded,1ms",
    )
    .option(
      "--balance <asset=amount>",
      "what the account holds at the start; may be repeated (default: 10000 of each quote asset)",
      collect,
    )
    .option(
      "--fill <key=value>",
      "how orders fill: volumeShare, slippageTicks, lateShare, halfSpreadTicks, aheadLots, queue; may be repeated",
      collect,
    )
    .option("--symbol <symbol>", "of which instrument the data is, such as BTC/USDT, where it does not say")
    .option("--tick <step>", "step of prices, such as 0.01 (default: the finest of the data)")
    .option("--lot <step>", "step of sizes (default: the finest of the data)")
    .option("--min-notional <amount>", "smallest order that the venue takes, in the quote asset (default: 5)")
    .option(
      "--param <key=values>",
      "try values of a setting: lookback=1..10, size=0.1..0.5:0.1, mode=a,b; may be repeated",
      collect,
    )
    .option("--objective <name>", `what the best has most of: ${OBJECTIVES.join(", ")}`, "sharpe")
    .option("--walk-forward <train,test>", "choose parameters on a stretch, try them on the next one: 30d,7d")
    .option("--monte-carlo <runs>", "reorder and redraw the closed trades so many times")
    .option("-s, --seed <number>", "seed of the strategies' randomness and of drawn latencies")
    .option("--workers <number>", "threads of a sweep (default: the setting workers, of 0 one a core)")
    .option("-j, --json <file>", "write the report to this file")
    .option("--html <file>", "write the report as one page that needs nothing else")
    .addHelpText("after", HELP)
    .action(async (strategy: string | undefined, flags: BacktestFlags) => {
      try {
        await backtest(strategy, flags, context);
      } catch (error) {
        if (!context.stop.aborted) throw error;
        throw new Error("stopped: of a part there is no report", { cause: error });
      }
    });
}

async function backtest(file: string | undefined, flags: BacktestFlags, context: SettingsContext): Promise<void> {
  const { cwd, output, stop } = context;
  const clock = createSystemClock();
  const job = await prepareBacktest(file, flags, context);
  output.status(`reading ${flags.data.join(", ")}`);
  const loaded = await readMarketData(
    flags.data.map((path) => resolve(cwd, path)),
    { ...job.data, clock, signal: stop },
  );
  output.endStatus();
  output.line(
    `${colors.bold("pitlane backtest")}  ${loaded.rows} rows of ${loaded.format} read in ${(loaded.elapsedNs / 1e9).toFixed(2)} s`,
  );
  checkFillTiers(job.fillModel, [...new Set(loaded.data.map(({ columns }) => columns.kind))]);
  const data = shareData(loaded.data);
  const balances = await balancesOf(job, { ...loaded, data });
  const options: TrialOptions = {
    data,
    fees: job.fees,
    fillModel: job.fillModel,
    latency: job.latency.model,
    balances,
    seed: job.config.seed,
    risk: job.config.risk,
  };
  const found = await search(job, options, { ...loaded, data }, context, clock);
  const set = found.chosen;
  const plugins = job.plugins.map((entry) => ({
    ...entry,
    config: withParams(entry.config, nameOf(entry), job.params, set),
  }));
  stop.throwIfAborted();
  const denials = new DenialCounter();
  const result = await runBacktest({
    ...options,
    plugins,
    clock,
    onDecision: denials.onDecision,
    log: (source, message) => output.line(`${colors.cyan(source)}: ${message}`),
  });
  const luck = await luckOf(job, { ...loaded, data }, result, context, clock);
  finish(job, { ...loaded, data }, result, denials.list, { ...found, ...luck }, balances, context);
}

/** What the account starts with: as told, else as the session had it that is the data, else 10,000 of each quote asset. */
async function balancesOf(
  { balances }: BacktestJob,
  { data, format, files }: LoadedData,
): Promise<ReadonlyMap<string, bigint>> {
  if (balances !== undefined) {
    checkBalances(
      balances,
      data.map(({ instrument }) => instrument),
    );
    return balances;
  }
  const [journal] = files;
  const recorded =
    format === "journal" && journal !== undefined ? (await readRecordedOrders(journal)).balances : undefined;
  if (recorded !== undefined) return recorded;
  return parseBalances([...new Set(data.map(({ instrument }) => instrument.quote))].map((quote) => `${quote}=10000`));
}

/** What a search came to: the parameters to show, and how they were found. */
interface Found {
  readonly chosen: ParamSet;
  readonly sweep?: Sweep;
  readonly walkForward?: WalkForward;
}

/** What the closed trades came to, and might have. */
interface Luck {
  /** Closed trades in the asset of the report. */
  readonly trades: number;
  readonly monteCarlo: MonteCarlo | undefined;
}

/** Tries parameters on all threads, where there are any to try. */
async function search(
  job: BacktestJob,
  options: TrialOptions,
  loaded: LoadedData,
  { cwd, output, stop }: SettingsContext,
  clock: Clock,
): Promise<Found> {
  const { params, objective, windows, strategies, workers } = job;
  if (params.length === 0 && windows === undefined) return { chosen: {} };
  const threads = await TrialThreads.open(workers, clock);
  const total = gridOf(params).length;
  const run: RunTrials = (batch, signal) =>
    threads.run(batch, (done) => output.status(`${done} of ${batch.sets.length} runs, ${workers} threads`), signal);
  const batch = { strategies, cwd, params, options, keepsCurve: false };
  try {
    if (windows === undefined) {
      const sweep = await runSweep(batch, objective, run, stop);
      return { chosen: bestOf(sweep), sweep };
    }
    const spans = windowsOf(loaded.fromUs, loaded.toUs, windows.trainUs, windows.testUs);
    output.line(`walk-forward of ${spans.length} windows, ${total} combinations each`);
    const walkForward = await runWalkForward(batch, spans, objective, run, stop);
    return { chosen: walkForward.windows.at(-1)?.set ?? {}, walkForward };
  } finally {
    output.endStatus();
    await threads.close();
  }
}

/** Reorders and redraws the closed trades, on all threads, where it is asked for. */
async function luckOf(
  { monteCarloRuns: runs, config, workers }: BacktestJob,
  loaded: LoadedData,
  { fills, asset }: BacktestResult,
  { output, stop }: SettingsContext,
  clock: Clock,
): Promise<Luck> {
  const instruments = instrumentsOf(loaded);
  const profits = closedTrades(fills, instruments)
    .filter(({ instrument }) => instruments.get(instrument)?.quote === asset)
    .map(({ profitUnits }) => Number(profitUnits));
  if (runs === undefined) return { trades: profits.length, monteCarlo: undefined };
  let told = 0; // every twentieth of them, or a log would fill
  const onDone = (draws: number) => {
    if (draws - told < runs / 20) return;
    told = draws;
    output.status(`${draws} of ${runs} draws, ${workers} threads`);
  };
  try {
    const monteCarlo = await monteCarloOnThreads(profits, runs, config.seed, { workers, clock, onDone }, stop);
    return { trades: profits.length, monteCarlo };
  } finally {
    output.endStatus();
  }
}

function finish(
  job: BacktestJob,
  loaded: LoadedData,
  result: BacktestResult,
  denials: readonly Denial[],
  { sweep, walkForward, trades, monteCarlo }: Found & Luck,
  balances: ReadonlyMap<string, bigint>,
  { cwd, output, end }: SettingsContext,
): void {
  const { config, plugins, fees, latency, fillModel, monteCarloRuns, jsonPath, htmlPath } = job;
  const parts: ReportParts = {
    result,
    loaded,
    settings: {
      fees,
      latency: { feed: latency.feed, order: latency.order },
      fillModel,
      balances: balanceTexts(balances),
      seed: config.seed,
    },
    strategies: plugins.map((entry) => ({ name: nameOf(entry), version: entry.plugin.version })),
    config: config.strategies,
    denials,
    monteCarlo,
    sweep,
    walkForward,
  };
  const report = backtestReport(parts);
  if (jsonPath !== undefined) writeJson(jsonPath, report);
  if (htmlPath !== undefined) writeWhole(htmlPath, htmlReport(report, { loaded, fills: result.fills }));
  for (const line of backtestLines(report)) output.line(line);
  if (monteCarloRuns !== undefined && report.monteCarlo === null)
    output.line(
      colors.yellow(`note     a Monte Carlo needs two closed trades in ${result.asset}, there are ${trades}`),
    );
  for (const path of [jsonPath, htmlPath])
    if (path !== undefined) output.line(`report   ${relative(cwd, path) || path}`);
  if (takenOutLines(report).length > 0) end(EXIT.failed);
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
