import { InvalidInputError } from "@pitlane/perf";
import { didYouMean } from "./did-you-mean.ts";
import { configKeys, type KeyType, locate } from "./keys.ts";
import type { Assignment, ConfigProblem, Origin } from "./layers.ts";
import { type Path, parsePath } from "./path.ts";

/** Settings that came as text, and what of it could not be read. */
export interface ReadValues {
  readonly assignments: readonly Assignment[];
  readonly problems: readonly ConfigProblem[];
}

/** Environment variables of ours that are no settings: of the launcher, the secret store, the tests. */
const RESERVED: ReadonlySet<string> = new Set([
  "PITLANE_LAUNCHER_PID",
  "PITLANE_PASSPHRASE",
  "PITLANE_DATA",
  "PITLANE_GC",
]);
export const SECRET_PREFIX = "PITLANE_SECRET_";

/**
 * Settings of environment variables: `PITLANE_RISK__MAX_ORDER_NOTIONAL=500`. Lists and records are JSON, an empty variable is an unset one,
 * and a `PITLANE_` variable that means nothing is a problem: it is a typing error more often than not. Pure.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): ReadValues {
  const keys = configKeys();
  const assignments: Assignment[] = [];
  const problems: ConfigProblem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("PITLANE_") || RESERVED.has(variable) || variable.startsWith(SECRET_PREFIX)) continue;
    if (text === undefined || text === "") continue;
    const origin: Origin = { layer: "env", name: variable };
    const key = keys.find((one) => one.variable === variable);
    if (key === undefined) problems.push({ path: [], message: unknownVariable(variable), origin });
    else add(readText(text, key.type), { path: key.path, origin }, assignments, problems);
  }
  return { assignments, problems };
}

function unknownVariable(variable: string): string {
  const variables = configKeys().map((key) => key.variable);
  const holder = configKeys().find(({ type, variable: of }) => type === "json" && variable.startsWith(`${of}__`));
  if (holder !== undefined) return `${variable} is not a setting: give all of ${holder.variable} as JSON`;
  return `${variable} is not a setting${didYouMean(variable, variables)}`;
}

/**
 * Settings of `--set PATH=VALUE`: the value is read as the setting's type asks, lists and records as JSON. Below a plugin's own settings, JSON
 * where it is some, else text. Pure.
 */
export function readSetFlags(flags: readonly string[]): ReadValues {
  const assignments: Assignment[] = [];
  const problems: ConfigProblem[] = [];
  for (const flag of flags) {
    const origin: Origin = { layer: "flag", name: "--set" };
    const split = splitFlag(flag);
    if ("problem" in split) {
      problems.push({ path: [], message: split.problem, origin });
      continue;
    }
    const located = locate(split.path);
    if ("problem" in located) problems.push({ path: [], message: located.problem, origin });
    else add(readText(split.text, located.type), { path: split.path, origin }, assignments, problems);
  }
  return { assignments, problems };
}

/** The path may hold "=" in quotes only, so the first one outside of them ends it. */
function splitFlag(flag: string): { readonly path: Path; readonly text: string } | { readonly problem: string } {
  const match = /^((?:[^="]|"(?:[^"\\]|\\.)*")*)=(.*)$/s.exec(flag);
  if (match === null) return { problem: `"${flag}" is not PATH=VALUE, such as risk.maxOrderNotional=500` };
  try {
    return { path: parsePath(match[1]!), text: match[2]! };
  } catch (error) {
    if (error instanceof InvalidInputError) return { problem: error.message };
    throw error;
  }
}

type Read = { readonly value: unknown } | { readonly problem: string };

/** The value of a text, for a setting of `type`. Pure. */
function readText(text: string, type: KeyType | "free"): Read {
  switch (type) {
    case "text":
      return { value: text };
    case "number":
      return /^-?\d+(\.\d+)?$/.test(text) ? { value: Number(text) } : { problem: `must be a number; got "${text}"` };
    case "boolean":
      return text === "true" || text === "false"
        ? { value: text === "true" }
        : { problem: `must be true or false; got "${text}"` };
    case "json":
      return readJson(text) ?? { problem: "must be JSON: a list or an object" };
    case "free":
      return readJson(text) ?? { value: text };
  }
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined; // plain text; the caller says whether that is allowed
  }
}

function add(
  read: Read,
  at: { readonly path: Path; readonly origin: Origin },
  assignments: Assignment[],
  problems: ConfigProblem[],
): void {
  if ("problem" in read) problems.push({ ...at, message: read.problem });
  else assignments.push({ ...at, value: read.value });
}
