import { InvalidInputError } from "@pitlane/perf";
import type { Config } from "../config/schema.ts";
import type { PluginEntry } from "./host.ts";
import { loadPlugins } from "./load.ts";

/**
 * Loads the strategies that a config lists, in its order. A source with several plugins gives an entry for each.
 *
 * @param cwd Folder that paths and package names are looked up from.
 * @throws {InvalidInputError} As `loadPlugins`, and when a source of several plugins is given one name.
 */
export async function loadStrategies(strategies: Config["strategies"], cwd: string): Promise<readonly PluginEntry[]> {
  const entries: PluginEntry[] = [];
  for (const { use, name, config, ...rest } of strategies) {
    const plugins = await loadPlugins(use, { cwd });
    if (name !== undefined && plugins.length > 1)
      throw new InvalidInputError(
        `strategies: ${use} has ${plugins.length} plugins, and "${name}" can name only one: leave the name out`,
      );
    const names = plugins.map((plugin) => plugin.name);
    const unknown = Object.keys(config).find((key) => key !== name && !names.includes(key));
    if (unknown !== undefined)
      throw new InvalidInputError(`there is a config for ${unknown}, but ${use} has ${names.join(", ")}`);
    for (const plugin of plugins) {
      entries.push({
        plugin,
        ...(name === undefined ? {} : { name }),
        config: (name === undefined ? undefined : config[name]) ?? config[plugin.name],
        source: { from: use, cwd },
        ...(rest as Omit<PluginEntry, "plugin">), // a setting that is left out is not there at all
      });
    }
  }
  return entries;
}
