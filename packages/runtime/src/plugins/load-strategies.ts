import { InvalidInputError } from "@pitlane/perf";
import type { Config } from "../config/schema.ts";
import type { PluginEntry } from "./entry.ts";
import { loadPlugins } from "./load.ts";

/** A strategy, loaded. */
export interface LoadedStrategy {
  readonly entry: PluginEntry;
  /** Where its settings stand in the `config` of its strategy, or would. */
  readonly configKey: string;
}

/**
 * Loads the strategies that a config lists, in its order. A source with several plugins gives an entry for each.
 *
 * @param cwd Folder that paths and package names are looked up from.
 * @throws {InvalidInputError} As `loadPlugins`, and when a source of several plugins is given one name.
 */
export async function loadStrategies(strategies: Config["strategies"], cwd: string): Promise<readonly PluginEntry[]> {
  const entries: PluginEntry[] = [];
  for (const strategy of strategies) for (const { entry } of await loadStrategy(strategy, cwd)) entries.push(entry);
  return entries;
}

/** The plugins of one strategy's source, as `loadStrategies` loads them. Throws as it does. */
export async function loadStrategy(
  { use, name, config, ...rest }: Config["strategies"][number],
  cwd: string,
): Promise<readonly LoadedStrategy[]> {
  const plugins = await loadPlugins(use, { cwd });
  if (name !== undefined && plugins.length > 1)
    throw new InvalidInputError(
      `strategies: ${use} has ${plugins.length} plugins, and "${name}" can name only one: leave the name out`,
    );
  const names = plugins.map((plugin) => plugin.name);
  const unknown = Object.keys(config).find((key) => key !== name && !names.includes(key));
  if (unknown !== undefined)
    throw new InvalidInputError(`there is a config for ${unknown}, but ${use} has ${names.join(", ")}`);
  return plugins.map((plugin) => {
    const isByName = name !== undefined && config[name] !== undefined && config[name] !== null;
    const configKey = isByName ? name : plugin.name;
    const entry: PluginEntry = {
      plugin,
      ...(name === undefined ? {} : { name }),
      config: config[configKey],
      source: { from: use, cwd },
      ...(rest as Omit<PluginEntry, "plugin">), // a setting that is left out is not there at all
    };
    return { entry, configKey };
  });
}
