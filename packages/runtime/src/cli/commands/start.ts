import type { Command } from "commander";
import { type Config, checkConfig, loadConfig } from "../../config.ts";
import type { CommandContext } from "../main.ts";
import { parseDuration, parseSpeed, parseWhole } from "../parse.ts";
import { runSession } from "../run-session.ts";

interface StartFlags {
  readonly duration?: string;
  readonly json?: string;
  readonly seed?: string;
  readonly config?: string;
  readonly journal?: string;
  readonly recording?: readonly string[];
  readonly speed?: string;
}

/** The flags `start` and `run` share. */
function withSessionFlags(command: Command): Command {
  return command
    .option("-d, --duration <time>", "stop after this time: 20s, 5m, 1h (default: run until stopped)")
    .option("-j, --json <file>", "write the run's report to this file")
    .option("-s, --seed <number>", "seed of the embedded exchange's market")
    .option("-c, --config <file>", "config file (default: pitlane.config.{ts,mjs,js,json} where there is one)")
    .option("--journal <file>", "the run's journal (default: .pitlane/runs/<run>/journal.db)")
    .option("-r, --recording <file...>", "run on a recorded session instead; several files are its parts, in order")
    .option("--speed <times>", "replay speed of a recording: max, or times real time", "max");
}

/** `pitlane start`: the embedded exchange and the strategies of the config. */
export function addStart(program: Command, context: CommandContext): void {
  withSessionFlags(
    program.command("start").description("run the configured strategies on the embedded paper exchange"),
  ).action(async (flags: StartFlags) =>
    context.end(await session(await loadConfig(flags.config, context.cwd), flags, context)),
  );
}

/** `pitlane run FILE`: the same with one strategy file of the user's. */
export function addRun(program: Command, context: CommandContext): void {
  withSessionFlags(
    program
      .command("run")
      .description("run a strategy file (TypeScript needs no build) on the embedded paper exchange")
      .argument("<file>", "the strategy, such as ./my-strategy.ts"),
  ).action(async (file: string, flags: StartFlags) => {
    const config = await loadConfig(flags.config, context.cwd);
    const own = config.strategies.find(({ use }) => use === file)?.config ?? {};
    context.end(await session({ ...config, strategies: [{ use: file, config: own }] }, flags, context));
  });
}

function session(config: Config, flags: StartFlags, { cwd, output, stop }: CommandContext): Promise<number> {
  const seed = flags.seed === undefined ? config.seed : parseWhole("--seed", flags.seed, 0, 0xffffffff);
  return runSession({
    config: checkConfig({ ...config, seed }, "the session"),
    durationMs: flags.duration === undefined ? undefined : parseDuration("--duration", flags.duration),
    recordings: flags.recording ?? [],
    speed: parseSpeed(flags.speed ?? "max"),
    jsonPath: flags.json,
    journalPath: flags.journal,
    cwd,
    output,
    stop,
  });
}
