import type { Core } from "./core/core.ts";
import type { Inputs } from "./core/inputs.ts";
import { reloadOnSave } from "./plugins/hot-reload.ts";
import type { RuntimeOptions } from "./runtime-types.ts";

/**
 * Exchanges the plugins of a session as their files are saved; those without a file stay.
 *
 * @returns What ends the watch of each.
 */
export function reloadPlugins(
  { plugins, clock }: Pick<RuntimeOptions, "plugins" | "clock">,
  core: Core,
  inputs: Inputs,
  log: (plugin: string, message: string) => void,
): readonly (() => void)[] {
  const stops: (() => void)[] = [];
  for (const [owner, { plugin, source }] of plugins.entries()) {
    if (source === undefined) continue;
    const name = core.plugins.names[owner] as string;
    const stop = reloadOnSave({
      host: core.plugins,
      name,
      plugin: plugin.name,
      source,
      clock,
      swap: async (swapped, code) => {
        const report = await core.plugins.swap(swapped, code);
        const { fromVersion, toVersion } = report;
        inputs.swapped({ plugin: swapped, fromVersion, toVersion });
        return report;
      },
      onReload: ({ elapsedMs, notes }) =>
        log(name, [`its new code runs, after ${elapsedMs.toFixed(0)} ms`, ...notes].join("; ")),
      onFailure: (message) => log(name, `its new code does not run, the old one goes on: ${message}`),
    });
    stops.push(stop);
  }
  return stops;
}
