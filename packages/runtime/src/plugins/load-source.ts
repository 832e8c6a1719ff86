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

/** Modules that a strategy can import wherever it stands, by name, as this program has them loaded. */
export type OwnModules = Readonly<Record<string, unknown>>;

const SOURCE_FILES: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"]);

/** As `loadPlugins`, with these modules to import. */
export async function loadPluginsWith(
  source: string,
  options: LoadOptions,
  modules: OwnModules,
): Promise<readonly Plugin[]> {
  const plugins = pluginsOf(await loadSourceWith(source, options, modules));
  if (plugins.length === 0) {
    throw new InvalidInputError(
      `${source} exports no strategy: write \`export default defineStrategy({ name, setup(ctx) { ... } })\``,
    );
  }
  return plugins;
}

/** What a file or an npm package exports. @throws {InvalidInputError} When it is missing or throws while loading. */
export async function loadSourceWith(source: string, { cwd }: LoadOptions, modules: OwnModules): Promise<unknown> {
  const isPath = /^\.{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(source) || SOURCE_FILES.has(extname(source));
  return isPath ? await loadFileWith(resolve(cwd, source), source, modules) : await loadPackage(source, cwd);
}

/** Whether an npm package can be found from `cwd`, or beside this program. */
export function isInstalled(name: string, cwd: string): boolean {
  return basesOf(cwd).some((base) => tryResolve(name, base) !== undefined);
}

/** As `loadFile`, with these modules to import. */
export async function loadFileWith(path: string, shown: string, modules: OwnModules): Promise<unknown> {
  if (!existsSync(path)) throw new InvalidInputError(`there is no file ${shown} (looked for ${path}): check the path`);
  if (statSync(path).isDirectory())
    throw new InvalidInputError(`${shown} is a folder: name the file in it, such as ${join(shown, "strategy.ts")}`);
  const jiti = createJiti(pathToFileURL(`${dirname(path)}/`).href, {
    virtualModules: { ...modules },
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
  for (const base of basesOf(cwd)) {
    const entry = tryResolve(name, base);
    if (entry === undefined) continue;
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

/** Where packages are looked up from. */
function basesOf(cwd: string): readonly string[] {
  return [join(cwd, "package.json"), fileURLToPath(import.meta.url)];
}

/** Where `import` would find `name` from `base`: beside what `require` finds, the ES module of the same build. Undefined: nowhere. */
function tryResolve(name: string, base: string): string | undefined {
  let required: string;
  try {
    required = createRequire(base).resolve(name);
  } catch {
    return undefined;
  }
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

function pluginsOf(loaded: unknown): readonly Plugin[] {
  if (typeof loaded !== "object" || loaded === null) return [];
  const module = loaded as Readonly<Record<string, unknown>>;
  const main = module["default"];
  if (isPlugin(main)) return [main];
  if (Array.isArray(main) && main.length > 0 && main.every(isPlugin)) return main;
  return Object.values(module).filter(isPlugin);
}
