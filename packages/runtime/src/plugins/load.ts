import type { Plugin } from "./define.ts";
import { type LoadOptions, loadFileWith, loadPluginsWith, loadSourceWith, type OwnModules } from "./load-source.ts";

export type { LoadOptions } from "./load-source.ts";

/**
 * Loads the plugins a file or an npm package exports: its default export (a plugin or a list of them), else every named export that is one.
 * TypeScript files need no build; `pitlane` and `@pitlane/*` resolve from any folder to the copies this program runs on.
 *
 * @param source A path (`./my-strategy.ts`) or a package name (`@pitlane/plugin-strategies`).
 * @throws {InvalidInputError} When it is missing, throws while loading, or exports no plugin.
 */
export async function loadPlugins(source: string, options: LoadOptions): Promise<readonly Plugin[]> {
  return loadPluginsWith(source, options, await ownModules());
}

/** What a file or an npm package exports. @throws {InvalidInputError} When it is missing or throws while loading. */
export async function loadSource(source: string, options: LoadOptions): Promise<unknown> {
  return loadSourceWith(source, options, await ownModules());
}

/** Loads the default export of a TypeScript, JavaScript or JSON file. @throws {InvalidInputError} As `loadPlugins`. */
export async function loadFile(path: string, shown: string): Promise<unknown> {
  return loadFileWith(path, shown, await ownModules());
}

/** What a strategy outside any project can import; its errors are then of the same classes as ours. */
async function ownModules(): Promise<OwnModules> {
  const [pitlane, perf, sdk, valibot] = await Promise.all([
    import("../index.ts"), // it exports this file too, so it is looked up when it is needed
    import("@pitlane/perf"),
    import("@pitlane/sdk"),
    import("valibot"),
  ]);
  return { pitlane, "@pitlane/perf": perf, "@pitlane/sdk": sdk, valibot };
}
