import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { type Command, Option } from "commander";
import { BUSY_POLL, type BusyPoll } from "../../busy-poll.ts";
import { planVenue, VENUE_CHOICES, type VenueChoice, type VenuePlan } from "../../config/venue-plan.ts";
import type { Config, Settings } from "../../config.ts";
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
  readonly venue?: VenueChoice;
  readonly symbols?: string;
  readonly live?: true;
  readonly watch?: true;
  /** False with `--no-dashboard`. */
  readonly dashboard: boolean;
  readonly gc?: GcMode;
  readonly busyPoll?: BusyPoll;
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
      new Option(
        "--busy-poll <when>",
        "hear ticks sooner, for a core that is kept busy (default: the setting busyPoll)",
      ).choices(BUSY_POLL),
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
    .addOption(new Option("--venue <name>", "where orders go (also the setting venue.name)").choices(VENUE_CHOICES))
    .option("--symbols <list>", "what to trade at a real venue, such as BTC/USDT,ETH/USDT (also venue.symbols)")
    .option("--live", "yes, with real money: a venue that trades with it is refused without (also venue.live)")
    .option("-r, --recording <file...>", "run on a recorded session instead; several files are its parts, in order")
    .option("--speed <times>", "replay speed of a recording: max, or times real time", "max");
}

/** `pitlane start`: the embedded exchange and the strategies of the config. */
export function addStart(program: Command, context: SettingsContext): void {
  withSessionFlags(
    program.command("start").description("run the configured strategies, on the embedded paper exchange unless told"),
  ).action(async (flags: StartFlags) => {
    const { config, originOf } = await configOf(flags, context);
    const isSample = originOf(["strategies"]).layer === "default";
    context.end(await session(config, flags, context, isSample));
  });
}

/** `pitlane run FILE`: the same with one strategy file of the user's. */
export function addRun(program: Command, context: SettingsContext): void {
  withSessionFlags(
    program
      .command("run")
      .description("run a strategy file (TypeScript needs no build), on the embedded paper exchange unless told")
      .argument("<file>", "the strategy, such as ./my-strategy.ts"),
  ).action(async (file: string, flags: StartFlags) => {
    const { config } = await configOf(flags, context);
    const path = resolve(context.cwd, file);
    const places = [...config.strategies.keys()].filter(
      (place) => resolve(context.cwd, config.strategies[place]?.use ?? "") === path,
    );
    const own = places.flatMap((place) => config.strategies[place] ?? []);
    const strategies = own.length > 0 ? own : [{ use: file, config: {} }];
    context.end(await session({ ...config, strategies }, flags, context, false, own.length > 0 ? places : undefined));
  });
}

/** The settings of all sources; the flags of settings that have one of their own win. */
async function configOf(flags: StartFlags, context: SettingsContext): Promise<Settings> {
  const { seed, orders, busyPoll } = flags;
  const own = seed === undefined ? [] : [flagSetting(["seed"], parseWhole("--seed", seed, 0, 0xffffffff), "--seed")];
  if (orders !== undefined) own.push(flagSetting(["orderTransport"], orders, "--orders"));
  if (busyPoll !== undefined) own.push(flagSetting(["busyPoll"], busyPoll, "--busy-poll"));
  if (!flags.dashboard) own.push(flagSetting(["dashboard", "enabled"], false, "--no-dashboard"));
  const { venue, symbols, live } = flags;
  if (venue !== undefined) own.push(flagSetting(["venue", "name"], venue, "--venue"));
  if (symbols !== undefined)
    own.push(
      flagSetting(
        ["venue", "symbols"],
        symbols.split(",").map((symbol) => symbol.trim()),
        "--symbols",
      ),
    );
  if (live === true) own.push(flagSetting(["venue", "live"], true, "--live"));
  return settingsOf(flags, context, own);
}

/** The real venue of a session; none where a flag names another place, which never has real money. @throws {InvalidInputError} As `planVenue`. */
function venueOf(config: Config, flags: StartFlags, hasDefaultStrategies: boolean): VenuePlan | undefined {
  const { venue, live, exchange = [], recording = [] } = flags;
  const other = exchange.length > 0 ? "--exchange" : recording.length > 0 ? "--recording" : undefined;
  if (other === undefined && live === true && config.venue.name === "paper")
    throw new InvalidInputError("--live needs a venue to be live at, such as --venue binance");
  if (other === undefined) return planVenue(config, { hasDefaultStrategies });
  if (live === true || (venue !== undefined && venue !== "paper"))
    throw new InvalidInputError(`${other} is a place to run, and --venue or --live names another: leave one out`);
  return undefined;
}

async function session(
  config: Config,
  flags: StartFlags,
  context: SettingsContext,
  hasDefaultStrategies: boolean,
  strategyPlaces?: readonly number[],
): Promise<number> {
  const { cwd, output, stop } = context;
  const { journal, resume, exchange = [], recording = [] } = flags;
  const { strategies, observers, dashboard, alerts } = config;
  if (resume !== undefined && journal !== undefined)
    throw new InvalidInputError("--resume names the journal already: leave --journal out");
  if (exchange.length > 0 && recording.length > 0)
    throw new InvalidInputError("--exchange and --recording are two places to run: leave one out");
  const planned = venueOf(config, flags, hasDefaultStrategies);
  const { venue, ...others } = await withSecrets({ strategies, observers, dashboard, alerts, venue: planned }, context);
  return runSession({
    config,
    withSecrets: others,
    strategyPlaces,
    venue,
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
