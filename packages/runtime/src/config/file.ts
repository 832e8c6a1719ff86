import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { loadFile } from "../plugins/load.ts";

/** The endings a config file may have; the first is the one to prefer. */
const CONFIG_ENDINGS = ["ts", "mjs", "js", "json", "yaml", "yml"] as const;

export interface ConfigFile {
  /** As it was named, or as it is called in the folder. */
  readonly name: string;
  readonly value: unknown;
}

/**
 * Reads the config file `path`, or the one `pitlane.config.{ts,mjs,js,json,yaml,yml}` in `cwd`; undefined when there is none.
 *
 * @throws {InvalidInputError} When it is missing, does not load, or there are two to choose from.
 */
export async function readConfigFile(path: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const name = path ?? findConfigFile(cwd);
  if (name === undefined) return undefined;
  const full = resolve(cwd, name);
  switch (extname(full)) {
    case ".json":
      return { name, value: parseJson(await readText(full, name), name) };
    case ".yaml":
    case ".yml":
      return { name, value: await parseYaml(await readText(full, name), name) };
    default:
      return { name, value: await loadModule(full, name) };
  }
}

function findConfigFile(cwd: string): string | undefined {
  const found = CONFIG_ENDINGS.map((ending) => `pitlane.config.${ending}`).filter((name) =>
    existsSync(join(cwd, name)),
  );
  if (found.length > 1)
    throw new InvalidInputError(`there are ${found.join(" and ")}: keep one, or name it with --config`);
  return found[0];
}

async function loadModule(full: string, name: string): Promise<unknown> {
  const module = (await loadFile(full, name)) as { readonly default?: unknown };
  if (module.default !== undefined) return module.default;
  throw new InvalidInputError(`${name} has no default export: write \`export default defineConfig({ ... })\``);
}

async function readText(full: string, name: string): Promise<string> {
  try {
    return await readFile(full, "utf8");
  } catch (error) {
    throw new InvalidInputError(`the config file ${name} cannot be read (${(error as Error).message}): check the path`);
  }
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidInputError(`the config file ${name} is not JSON (${(error as Error).message})`);
  }
}

async function parseYaml(text: string, name: string): Promise<unknown> {
  const { parseDocument } = await import("yaml"); // only who writes YAML waits for it
  const document = parseDocument(text);
  const problems = [...document.errors, ...document.warnings].map(({ message }) => message.trim().replace(/:$/, ""));
  if (problems.length > 0) throw new InvalidInputError(`the config file ${name} is not YAML: ${problems[0]}`);
  try {
    return document.contents === null ? {} : (document.toJS() as unknown);
  } catch (error) {
    throw new InvalidInputError(`the config file ${name} is not YAML: ${(error as Error).message}`); // an alias to nothing, or a bomb of them
  }
}
