import type { Command } from "commander";
import type { Assignment } from "../config/layers.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { SettingsContext } from "./main.ts";

export interface SettingsFlags {
  readonly config?: string;
  readonly profile?: string;
  readonly set?: readonly string[];
}

/** The flags of every command that reads the settings. */
export function withSettingsFlags(command: Command): Command {
  return command
    .option("-c, --config <file>", "config file (default: pitlane.config.{ts,mjs,js,json,yaml,yml} where there is one)")
    .option("--profile <name>", "none, development or production")
    .option("--set <path=value>", "one setting, such as risk.maxOrderNotional=500; may be repeated", collect);
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** The settings as file, environment and flags have them. @param flags Further flags that are settings. @throws {InvalidInputError} As `loadSettings`. */
export async function settingsOf(
  { config: path, profile, set = [] }: SettingsFlags,
  { cwd, env, showStacks }: SettingsContext,
  flags: readonly Assignment[] = [],
): Promise<Settings> {
  const own = profile === undefined ? [] : [flagSetting(["profile"], profile, "--profile")];
  const settings = await loadSettings({ path, cwd, env, set, flags: [...own, ...flags] });
  if (settings.config.debug) showStacks();
  return settings;
}

/** A setting that a flag of its own gives. */
export function flagSetting(path: Assignment["path"], value: unknown, flag: string): Assignment {
  return { path, value, origin: { layer: "flag", name: flag } };
}
