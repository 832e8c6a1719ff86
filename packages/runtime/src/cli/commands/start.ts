import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { type Command, Option } from "commander";
import type { Config } from "../../config.ts";
import { GC_MODES, type GcMode } from "../calm-gc.ts";
import type { SettingsContext } from "../main.ts";
import { parseExchanges } from "../open-exchange.ts";
import { parseDuration, parseSpeed, parseWhole } from "../parse.ts";
import { runSession } from "../run-session.ts";
import { withSecrets } from "../secrets.ts";
import { flagSetting, type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";
import { findJournal } from "./replay.ts";

interface StartFlags extends SettingsFlags {
  readonly duration?: string;
  readonly json?: string;
  readonly seed?: string;
  readonly journal?: string;
  readonly resume?: string;
  readonly exchange?: readonly string[];
  readonly watch?: true;
  /** False with `--no-dashboard`. */
  readonly dashboard: boolean;
  readonly gc?: GcMode;
  readonly orders?: Config["orderTransport"];
  readonly recording?: readonly string[];
  readonly speed?: string;
}

/** The flags `start` and `run` share. */
function withSessionFlags(command: Command): Command {
  return withSettingsFlags(command)
    .option("-d, --duration <time>", "stop after this time: 20s, 5m, 1h (default: run until stopped)")
    .option("-j, --json <file>", "write the run's report to this file")
    .option("-s, --seed <number>", "seed of the embedded exchange's market")
    .option("--journal <file>", "the run's journal (default: .pitlane/runs/<run>/journal.db)")
    .option("--resume <run>", "go on with a run that was killed: its id, its folder, or its journal")
    .option("--no-dashboard", "serve no page that shows the session (also the setting dashboard.enabled)")
    .option("--watch", "exchange strategies as their files are saved, with their state (for development)")
    .addOption(
      new Option("--gc <mode>", "V8's collector: calm, for short pauses, or default (also PITLANE_GC)").choices(
        GC_MODES,
      ),
    )
    .addOption(
      new Option("--orders <way>", "how orders go to the venue (default: the setting orderTransport)").choices([
        "http",
        "websocket",
      ]),
    )
    .option(
      "--exchange <url>",
      "trade on a paper exchange that runs already, such as http://127.0.0.1:8080; on several, as alpha=URL, by repeating it",
      (url: string, earlier: readonly string[] = []) => [...earlier, url],
    )
    .option("-r, --recording <file...>", "run on a recorded session instead; several files are its parts, in order")
    .option("--speed <times>", "replay speed of a recording: max, or times real time", "max");
}

/** `pitlane start`: the embedded exchange and the strategies of the config. */
export function addStart(program: Command, context: SettingsContext): void {
  withSessionFlags(
    program.command("start").description("run the configured strategies on the embedded paper exchange"),
  ).action(async (flags: StartFlags) => context.end(await session(await configOf(flags, context), flags, context)));
}

/** `pitlane run FILE`: the same with one strategy file of the user's. */
export function addRun(program: Command, context: SettingsContext): void {
  withSessionFlags(
    program
      .command("run")
      .description("run a strategy file (TypeScript needs no build) on the embedded paper exchange")
      .argument("<file>", "the strategy, such as ./my-strategy.ts"),
  ).action(async (file: string, flags: StartFlags) => {
    const config = await configOf(flags, context);
    const path = resolve(context.cwd, file);
    const own = config.strategies.filter(({ use }) => resolve(context.cwd, use) === path);
    const strategies = own.length > 0 ? own : [{ use: file, config: {} }];
    context.end(await session({ ...config, strategies }, flags, context));
  });
}

/** The settings of all sources; the flags of settings that have one of their own win. */
async function configOf(flags: StartFlags, context: SettingsContext): Promise<Config> {
  const { seed, orders } = flags;
  const own = seed === undefined ? [] : [flagSetting(["seed"], parseWhole("--seed", seed, 0, 0xffffffff), "--seed")];
  if (orders !== undefined) own.push(flagSetting(["orderTransport"], orders, "--orders"));
  if (!flags.dashboard) own.push(flagSetting(["dashboard", "enabled"], false, "--no-dashboard"));
  return (await settingsOf(flags, context, own)).config;
}

async function session(config: Config, flags: StartFlags, context: SettingsContext): Promise<number> {
  const { cwd, output, stop } = context;
  const { journal, resume, exchange = [], recording = [] } = flags;
  const { strategies, observers, dashboard, alerts } = config;
  if (resume !== undefined && journal !== undefined)
    throw new InvalidInputError("--resume names the journal already: leave --journal out");
  if (exchange.length > 0 && recording.length > 0)
    throw new InvalidInputError("--exchange and --recording are two places to run: leave one out");
  return runSession({
    config,
    withSecrets: await withSecrets({ strategies, observers, dashboard, alerts }, context),
    durationMs: flags.duration === undefined ? undefined : parseDuration("--duration", flags.duration),
    recordings: recording,
    speed: parseSpeed(flags.speed ?? "max"),
    jsonPath: flags.json,
    journalPath: resume === undefined ? journal : findJournal(resume, cwd),
    isResumed: resume !== undefined,
    isWatched: flags.watch === true,
    exchanges: parseExchanges(exchange),
    cwd,
    output,
    redact: (text) => context.redactor.redact(text),
    stop,
    onHaltSignal: context.onHaltSignal,
  });
}
