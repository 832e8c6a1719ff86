import { formatPath } from "../config/path.ts";
import type { Config } from "../config.ts";
import { checkConfigs, type PluginEntry } from "../plugins/entry.ts";
import { loadStrategy } from "../plugins/load-strategies.ts";

/**
 * Loads strategies as `loadStrategies` does, and checks the settings of all of them.
 *
 * @param places Where each is in the list of the settings, when they are only some of it.
 * @param isWhole False when a sweep is to give some of the values: names alone are checked.
 * @throws {InvalidInputError} As `loadStrategies`.
 * @throws {PluginBootError} Code `PLUGIN_CONFIG`, with everything that is wrong and the place where it was given.
 */
export async function loadChecked(
  strategies: Config["strategies"],
  cwd: string,
  places: readonly number[] = strategies.map((_, index) => index),
  isWhole = true,
): Promise<readonly PluginEntry[]> {
  const all: PluginEntry[] = [];
  for (const [index, strategy] of strategies.entries()) {
    const place = ["strategies", String(places[index]), "config"];
    for (const { entry, configKey } of await loadStrategy(strategy, cwd))
      all.push({ ...entry, configPlace: formatPath([...place, configKey]) });
  }
  await checkConfigs(all, isWhole);
  return all;
}
