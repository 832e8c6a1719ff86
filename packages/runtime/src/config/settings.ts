import { InvalidInputError } from "@pitlane/perf";
import * as v from "valibot";
import { locate } from "./keys.ts";
import {
  type Assignment,
  type ConfigProblem,
  formatOrigin,
  Layers,
  listSettings,
  type Origin,
  type Setting,
} from "./layers.ts";
import { formatPath, type Path } from "./path.ts";
import { isProfileName, PROFILES } from "./profiles.ts";
import { type Config, configSchema } from "./schema.ts";
import { secretProblem } from "./secret-refs.ts";
import type { ReadValues } from "./text-values.ts";

/** What the settings are put together from. */
export interface SettingsSources {
  /** What a config file holds, and its name. */
  readonly file?: { readonly name: string; readonly value: unknown };
  readonly env?: ReadValues;
  readonly flags?: ReadValues;
}

/** The effective settings of a session, and where they came from. */
export interface Settings {
  readonly config: Config;
  /** The config file, as it was named or found; undefined when there is none. */
  readonly file: string | undefined;
  /** Every value that has no parts, with who set it, in the order of the schema. Secrets are there by name only. */
  readonly list: readonly Setting[];
  originOf(path: Path): Origin;
}

/**
 * Puts settings together: defaults, profile, file, environment, flags, the later ones winning; and checks them. The profile is itself a
 * setting, of the strongest source that names one. Pure.
 *
 * @throws {InvalidInputError} Listing everything that is wrong, each with its path, and its source where there are several.
 */
export function combineSettings({ file, env, flags }: SettingsSources): Settings {
  const sources: Assignment[] = [];
  if (file !== undefined) sources.push({ path: [], value: file.value, origin: { layer: "file", name: file.name } });
  sources.push(...(env?.assignments ?? []), ...(flags?.assignments ?? []));
  const layers = stack(sources);
  const originOf = (path: Path): Origin => layers.originOf(path);
  const given = listSettings(layers.values, originOf);
  const result = v.safeParse(configSchema, layers.values);
  const problems: readonly ConfigProblem[] = [
    ...layers.problems,
    ...(env?.problems ?? []),
    ...(flags?.problems ?? []),
    ...schemaProblems(result.issues ?? [], (path) => setterOf(path, given, originOf)),
    ...given.flatMap(({ path, value, origin }) => {
      const message = secretProblem(path, value);
      return message === undefined ? [] : [{ path, message, origin }];
    }),
    ...unknownNames(given),
  ];
  if (problems.length > 0 || !result.success) throw wrongValues(problems);
  return { config: result.output, file: file?.name, list: listSettings(result.output, originOf), originOf };
}

/** The layers, weakest first; which profile is one of them is known once the others are stacked. */
function stack(sources: readonly Assignment[]): Layers {
  const profile = layersOf(sources).values["profile"];
  if (!isProfileName(profile) || profile === "none") return layersOf(sources);
  return layersOf([{ path: [], value: PROFILES[profile], origin: { layer: "profile", name: profile } }, ...sources]);
}

function layersOf(sources: readonly Assignment[]): Layers {
  const layers = new Layers();
  layers.put({ path: [], value: v.parse(configSchema, {}), origin: { layer: "default", name: "" } });
  for (const source of sources) layers.put(source);
  return layers;
}

/** What the schema complains of, the first of each place; of unknown names it tells only one an object. */
function schemaProblems(
  issues: readonly v.BaseIssue<unknown>[],
  originOf: Settings["originOf"],
): readonly ConfigProblem[] {
  const byPlace = new Map<string, ConfigProblem>();
  for (const { type, expected, path: items = [], message } of issues) {
    if (type === "strict_object" && expected === "never") continue;
    const path = items.map(({ key }) => String(key));
    const place = formatPath(path);
    if (!byPlace.has(place)) byPlace.set(place, { path, message, origin: originOf(path) });
  }
  return [...byPlace.values()];
}

/** Who set what is at `path`; of a default with parts, who set the first part that is none. */
function setterOf(path: Path, given: readonly Setting[], originOf: Settings["originOf"]): Origin {
  const origin = originOf(path);
  if (origin.layer !== "default") return origin;
  const isPart = (part: Setting) => part.origin.layer !== "default" && path.every((name, i) => part.path[i] === name);
  return given.find(isPart)?.origin ?? origin;
}

function unknownNames(given: readonly Setting[]): readonly ConfigProblem[] {
  const byPlace = new Map<string, ConfigProblem>();
  for (const { path, origin } of given) {
    const located = locate(path);
    if ("problem" in located && located.isUnknownName)
      byPlace.set(located.problem, { path: [], message: located.problem, origin });
  }
  return [...byPlace.values()];
}

function wrongValues(problems: readonly ConfigProblem[]): InvalidInputError {
  const origins = new Set(problems.map(({ origin }) => formatOrigin(origin)));
  const lines = problems.map(({ path, message, origin }) => {
    const at = path.length === 0 ? "" : `${formatPath(path)}: `;
    return `  ${at}${message}${origins.size === 1 ? "" : ` (from ${formatOrigin(origin)})`}`;
  });
  const source = origins.size === 1 ? formatOrigin(problems[0]!.origin) : "the configuration";
  return new InvalidInputError(
    `${source} has ${lines.length === 1 ? "a wrong value" : "wrong values"}:\n${lines.join("\n")}`,
  );
}
