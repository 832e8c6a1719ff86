import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import * as v from "valibot";
import { loadFile } from "./plugins/load.ts";

const decimal = v.pipe(
  v.string(),
  v.regex(/^\d{1,20}(\.\d{1,8})?$/, 'must be a decimal number as text, such as "2500.50"'),
);
const positiveDecimal = v.pipe(
  decimal,
  v.check((text) => /[1-9]/.test(text), "must be above zero"),
);

const instrumentLimits = v.strictObject({
  /** Largest order, in base units. */
  maxOrderSize: v.optional(positiveDecimal),
  /** Largest position, long or short, in base units. */
  maxPosition: v.optional(positiveDecimal),
});

const schema = v.strictObject({
  /** Seed of the embedded exchange's market model; 0 to 2^32 - 1. */
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)), 1),
  /** Strategies to run: a path or an npm package each, with the config of its plugins by name. */
  strategies: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          use: v.pipe(v.string(), v.nonEmpty()),
          config: v.optional(v.record(v.string(), v.unknown()), {}),
        }),
      ),
      v.nonEmpty("needs at least one strategy"),
    ),
    [{ use: "@pitlane/plugin-strategies", config: {} }],
  ),
  risk: v.optional(
    v.strictObject({
      /** Largest price x size of one order, in quote units. */
      maxOrderNotional: v.optional(positiveDecimal, "1000"),
      /** Largest value of a position if every open order on its side filled, in quote units. */
      maxPositionNotional: v.optional(positiveDecimal, "5000"),
      /** Tighter limits by symbol, `AAA/USDT`. */
      instruments: v.optional(v.record(v.string(), instrumentLimits), {}),
    }),
    {},
  ),
  /** How long the close may wait for open orders to end, in milliseconds; 100 to 60,000. */
  closeTimeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(60_000)), 5000),
});

/** The settings of a session, every default filled in. */
export type Config = v.InferOutput<typeof schema>;
/** What a config file may say. */
export type ConfigInput = v.InferInput<typeof schema>;

/** Types a `pitlane.config.ts`. @example export default defineConfig({ risk: { maxOrderNotional: "500" } }); */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}

/**
 * Checks settings and fills in defaults.
 *
 * @param source Where they come from, for messages.
 * @throws {InvalidInputError} Listing every wrong value with its path.
 */
export function checkConfig(input: unknown, source: string): Config {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const lines = result.issues.map((issue) => `  ${v.getDotPath(issue) ?? "(whole)"}: ${issue.message}`);
  throw new InvalidInputError(
    `${source} has ${lines.length === 1 ? "a wrong value" : "wrong values"}:\n${lines.join("\n")}`,
  );
}

const NAMES = ["pitlane.config.ts", "pitlane.config.mjs", "pitlane.config.js", "pitlane.config.json"];

/**
 * Reads the config file `path`, or the first `pitlane.config.{ts,mjs,js,json}` in `cwd`, or takes the defaults.
 *
 * @throws {InvalidInputError} When the file is missing, does not load, or holds a wrong value.
 */
export async function loadConfig(path: string | undefined, cwd: string): Promise<Config> {
  const file = path ?? NAMES.find((name) => existsSync(join(cwd, name)));
  if (file === undefined) return checkConfig({}, "the default configuration");
  const full = resolve(cwd, file);
  if (extname(full) === ".json") return checkConfig(await readJson(full, file), file);
  const module = (await loadFile(full, file)) as { readonly default?: unknown };
  if (module.default === undefined)
    throw new InvalidInputError(`${file} has no default export: write \`export default defineConfig({ ... })\``);
  return checkConfig(module.default, file);
}

async function readJson(full: string, shown: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(full, "utf8");
  } catch (error) {
    throw new InvalidInputError(
      `the config file ${shown} cannot be read (${(error as Error).message}): check the path`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInputError(`the config file ${shown} is not JSON (${(error as Error).message})`);
  }
}
