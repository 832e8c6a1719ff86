import { readConfigFile } from "./file.ts";
import type { Assignment } from "./layers.ts";
import type { Config, ConfigInput } from "./schema.ts";
import { combineSettings, type Settings } from "./settings.ts";
import { readEnvironment, readSetFlags } from "./text-values.ts";

/** Types a `pitlane.config.ts`. @example export default defineConfig({ risk: { maxOrderNotional: "500" } }); */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/**
 * Checks settings and fills in the profile's and the other defaults.
 *
 * @param source Where they come from, for messages.
 * @throws {InvalidInputError} Listing every wrong value with its path.
 */
export function checkConfig(input: unknown, source: string): Config {
  return combineSettings({ file: { name: source, value: input } }).config;
}

/**
 * Reads the config file `path`, or the `pitlane.config.{ts,mjs,js,json,yaml,yml}` in `cwd`, or takes the defaults. The environment has no
 * say: `loadSettings` is the way to all sources.
 *
 * @throws {InvalidInputError} When the file is missing, does not load, or holds a wrong value.
 */
export async function loadConfig(path: string | undefined, cwd: string): Promise<Config> {
  return (await loadSettings({ path, cwd })).config;
}

export interface LoadSettingsOptions {
  /** The config file; looked for in `cwd` when undefined. */
  readonly path?: string | undefined;
  readonly cwd: string;
  /** `process.env`, say; only what begins with `PITLANE_` is looked at. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Texts of `--set`, `PATH=VALUE` each. */
  readonly set?: readonly string[];
  /** Further flags, as settings; they win over `set`. */
  readonly flags?: readonly Assignment[];
}

/**
 * The settings of all sources, from weak to strong: defaults, profile, file, environment, flags.
 *
 * @throws {InvalidInputError} When the file does not load; else listing every wrong value of every source with its path.
 * @example
 * const { config, originOf } = await loadSettings({ cwd: process.cwd(), env: process.env, set: ["profile=production"] });
 * originOf(["bus", "batch"]); // { layer: "profile", name: "production" }
 */
export async function loadSettings({
  path,
  cwd,
  env = {},
  set = [],
  flags = [],
}: LoadSettingsOptions): Promise<Settings> {
  const file = await readConfigFile(path, cwd);
  const { assignments, problems } = readSetFlags(set);
  return combineSettings({
    ...(file === undefined ? {} : { file }),
    env: readEnvironment(env),
    flags: { assignments: [...assignments, ...flags], problems },
  });
}
