import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { checkParams } from "../backtest/check-params.ts";
import type { readMarketData } from "../backtest/readers/read-market-data.ts";
import { OBJECTIVES, type Objective } from "../backtest/sweep.ts";
import { gridOf, type Param, parseParam } from "../backtest/sweep-grid.ts";
import type { TrialOptions } from "../backtest/trial.ts";
import type { Config } from "../config.ts";
import { nameOf, type PluginEntry } from "../plugins/entry.ts";
import {
  checkFillTiers,
  type NamedLatency,
  parseBalances,
  parseFees,
  parseFillModel,
  parseHints,
  parseLatency,
  parseTier,
  parseTime,
  parseWindows,
} from "./backtest-flags.ts";
import { checkWritable } from "./json-file.ts";
import { loadChecked } from "./load-checked.ts";
import type { SettingsContext } from "./main.ts";
import { parseWhole } from "./parse.ts";
import { withSecrets } from "./secrets.ts";
import { flagSetting, type SettingsFlags, settingsOf } from "./settings-flags.ts";

/** What `pitlane backtest` was told. */
export interface BacktestFlags extends SettingsFlags {
  readonly data: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly tier?: string;
  readonly fees: string;
  readonly latency: string;
  readonly balance?: readonly string[];
  readonly fill?: readonly string[];
  readonly symbol?: string;
  readonly tick?: string;
  readonly lot?: string;
  readonly minNotional?: string;
  readonly param?: readonly string[];
  readonly objective: string;
  readonly walkForward?: string;
  readonly monteCarlo?: string;
  readonly seed?: string;
  readonly workers?: string;
  readonly json?: string;
  readonly html?: string;
}

/** A backtest as the command line asks for it, checked before anything is read. */
export interface BacktestJob {
  readonly config: Config;
  readonly plugins: readonly PluginEntry[];
  /** Those of the plugins, with their secrets in place. */
  readonly strategies: Config["strategies"];
  readonly params: readonly Param[];
  readonly objective: Objective;
  readonly windows: { readonly trainUs: number; readonly testUs: number } | undefined;
  readonly monteCarloRuns: number | undefined;
  readonly workers: number;
  readonly fees: TrialOptions["fees"];
  readonly fillModel: NonNullable<TrialOptions["fillModel"]>;
  readonly latency: NamedLatency;
  /** Undefined where no flag says it. */
  readonly balances: ReadonlyMap<string, bigint> | undefined;
  readonly data: Omit<Parameters<typeof readMarketData>[1], "clock">;
  readonly jsonPath: string | undefined;
  readonly htmlPath: string | undefined;
}

/** Checks flags and settings, and loads the strategies: an impossible backtest is told before its data is read. @throws {InvalidInputError} When something is wrong. */
export async function prepareBacktest(
  file: string | undefined,
  flags: BacktestFlags,
  context: SettingsContext,
): Promise<BacktestJob> {
  const { cwd, stop } = context;
  const { seed, json, html, from, to, workers, objective } = flags;
  const jsonPath = json === undefined ? undefined : checkWritable(resolve(cwd, json));
  const htmlPath = html === undefined ? undefined : checkWritable(resolve(cwd, html), "--html");
  const own = seed === undefined ? [] : [flagSetting(["seed"], parseWhole("--seed", seed, 0, 0xffffffff), "--seed")];
  const settings = (await settingsOf(flags, context, own)).config;
  const config = file === undefined ? settings : { ...settings, strategies: strategiesOf(file, settings, cwd) };
  const places = config.strategies.map((one) => Math.max(0, settings.strategies.indexOf(one)));
  if (!(OBJECTIVES as readonly string[]).includes(objective))
    throw new InvalidInputError(`--objective must be one of ${OBJECTIVES.join(", ")}; got "${objective}"`);
  const strategies = await withSecrets(config.strategies, context);
  const plugins = await loadChecked(strategies, cwd, places, flags.param === undefined);
  const names = plugins.map(nameOf);
  const params = (flags.param ?? []).map((text) => parseParam(text, names));
  gridOf(params); // an impossible grid is told before the data is read
  await checkParams(params, plugins);
  const tier = flags.tier === undefined ? undefined : parseTier(flags.tier);
  const fillModel = parseFillModel(flags.fill ?? []);
  if (tier !== undefined) checkFillTiers(fillModel, [tier]);
  return {
    config,
    plugins,
    strategies,
    params,
    objective: objective as Objective,
    windows: flags.walkForward === undefined ? undefined : parseWindows(flags.walkForward),
    monteCarloRuns:
      flags.monteCarlo === undefined ? undefined : parseWhole("--monte-carlo", flags.monteCarlo, 10, 1_000_000),
    workers: sweepThreads(
      workers === undefined ? undefined : parseWhole("--workers", workers, 1, 256),
      config.workers,
      availableParallelism(),
    ),
    fees: parseFees(flags.fees),
    fillModel,
    latency: await parseLatency(flags.latency, cwd, stop),
    balances: flags.balance === undefined ? undefined : parseBalances(flags.balance),
    data: {
      ...parseHints(flags),
      fromUs: from === undefined ? undefined : parseTime("--from", from),
      toUs: to === undefined ? undefined : parseTime("--to", to),
      tier,
    },
    jsonPath,
    htmlPath,
  };
}

/**
 * Threads of a sweep: as many as asked for by flag, else as the settings say but no more than cores. Pure.
 *
 * @param setting 0 for one a core.
 */
export function sweepThreads(asked: number | undefined, setting: number, cores: number): number {
  return asked ?? Math.min(setting === 0 ? 256 : setting, cores, 256);
}

function strategiesOf(file: string, { strategies }: Config, cwd: string): Config["strategies"] {
  const path = resolve(cwd, file);
  const own = strategies.filter(({ use }) => resolve(cwd, use) === path);
  return own.length > 0 ? own : [{ use: file, config: {} }];
}
