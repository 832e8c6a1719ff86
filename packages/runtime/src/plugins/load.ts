import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { InvalidInputError } from "@pitlane/perf";
import { createJiti } from "jiti";
import { isPlugin, type Plugin } from "./define.ts";

export interface LoadOptions {
  /** Folder that paths and package names are looked up from. */
  readonly cwd: string;
}

const SOURCE_FILES: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"]);

/**
 * Loads the plugins a file or an npm package exports: its default export (a plugin or a list of them), else every named export that is one.
 * TypeScript files need no build; `pitlane` and `@pitlane/*` resolve from any folder to the copies this program runs on.
 *
 * @param source A path (`./my-strategy.ts`) or a package name (`@pitlane/plugin-strategies`).
 * @throws {InvalidInputError} When it is missing, throws while loading, or exports no plugin.
 */
export async function loadPlugins(source: string, { cwd }: LoadOptions): Promise<readonly Plugin[]> {
  const isPath = /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(source) || SOURCE_FILES.has(extname(source));
  const loaded = isPath ? await loadFile(resolve(cwd, source), source) : await loadPackage(source, cwd);
  const plugins = pluginsOf(loaded);
  if (plugins.length === 0) {
    throw new InvalidInputError(
      `${source} exports no strategy: write \`export default defineStrategy({ name, setup(ctx) { ... } })\``,
    );
  }
  return plugins;
}

/** Loads the default export of a TypeScript, JavaScript or JSON file. @throws {InvalidInputError} As `loadPlugins`. */
export async function loadFile(path: string, shown: string): Promise<unknown> {
  if (!existsSync(path)) throw new InvalidInputError(`there is no file ${shown} (looked for ${path}): check the path`);
  if (statSync(path).isDirectory())
    throw new InvalidInputError(`${shown} is a folder: name the file in it, such as ${join(shown, "strategy.ts")}`);
  const jiti = createJiti(pathToFileURL(`${dirname(path)}/`).href, {
    alias: ownPackages(),
    interopDefault: false,
    moduleCache: false,
  });
  try {
    return await jiti.import(path);
  } catch (error) {
    throw loadFailure(shown, error);
  }
}

async function loadPackage(name: string, cwd: string): Promise<unknown> {
  const bases = [join(cwd, "package.json"), fileURLToPath(import.meta.url)];
  for (const base of bases) {
    let entry: string;
    try {
      entry = resolvePackage(name, base);
    } catch {
      continue; // not installed here; the next base may have it, and the error below names the package
    }
    try {
      return await import(pathToFileURL(entry).href);
    } catch (error) {
      throw loadFailure(name, error);
    }
  }
  throw new InvalidInputError(
    `the package ${name} is not installed: run \`npm install ${name}\`, or name a strategy file such as ./my-strategy.ts`,
  );
}

/** Where `import` would find `name` from `base`: beside what `require` finds, the ES module of the same build. */
function resolvePackage(name: string, base: string): string {
  const required = createRequire(base).resolve(name);
  const esm = [".js", ".mjs"]
    .map((extension) => required.replace(/\.cjs$/, extension))
    .find((path) => existsSync(path));
  return esm ?? required;
}

function loadFailure(source: string, error: unknown): InvalidInputError {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const at = error instanceof Error ? placeIn(error, source) : "";
  return new InvalidInputError(
    `${source} failed while loading${at}: ${reason}. Fix it and start again; --debug shows the stack`,
    { cause: error },
  );
}

function placeIn(error: Error, source: string): string {
  const file = source.replace(/^\.[/\\]/, "");
  const line = error.stack?.split("\n").find((frame) => frame.includes(file) && frame.includes("at "));
  const place = line === undefined ? null : /:(\d+):\d+\)?$/.exec(line);
  return place === null ? "" : ` (line ${place[1]})`;
}

/** `pitlane` and what it stands on, as this program has them: a strategy outside any project can import them. */
function ownPackages(): Record<string, string> {
  // Built, this code stands in dist/ beside index.js; in tests it is src/plugins/load.ts.
  const entry = import.meta.url.endsWith(".ts") ? "../index.ts" : "./index.js";
  const alias: Record<string, string> = { pitlane: fileURLToPath(new URL(entry, import.meta.url)) };
  for (const name of ["@pitlane/perf", "@pitlane/sdk", "valibot"]) alias[name] = resolvePackage(name, import.meta.url);
  return alias;
}

function pluginsOf(loaded: unknown): readonly Plugin[] {
  if (typeof loaded !== "object" || loaded === null) return [];
  const module = loaded as Readonly<Record<string, unknown>>;
  const main = module["default"];
  if (isPlugin(main)) return [main];
  if (Array.isArray(main) && main.length > 0 && main.every(isPlugin)) return main;
  return Object.values(module).filter(isPlugin);
}
