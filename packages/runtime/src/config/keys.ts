import * as v from "valibot";
import { didYouMean } from "./did-you-mean.ts";
import { formatPath, type Path } from "./path.ts";
import { configSchema } from "./schema.ts";

type Schema = v.GenericSchema;

/** How the text of an environment variable or a flag becomes a value. */
export type KeyType = "number" | "boolean" | "text" | "json";

/** One setting, as the schema describes it. */
export interface ConfigKey {
  readonly path: Path;
  readonly type: KeyType;
  readonly default: unknown;
  /** Its environment variable. */
  readonly variable: string;
  readonly description: string;
  /** `ms`, `events`, ...; empty when it has none. */
  readonly unit: string;
  /** Smallest and largest, of a number. */
  readonly range: readonly [number, number] | undefined;
  readonly choices: readonly string[] | undefined;
  /** An amount of which 0 says something: mostly that there is no limit. */
  readonly mayBeZero: boolean;
}

/** Every setting, in the order of the schema. Pure. */
export function configKeys(): readonly ConfigKey[] {
  return keysUnder(configSchema, []);
}

function keysUnder(schema: Schema, path: Path): readonly ConfigKey[] {
  const { entries } = inner(schema);
  if (entries !== undefined)
    return Object.entries(entries).flatMap(([name, child]) => keysUnder(child, [...path, name]));
  const { unit = "", min, max, mayBeZero = false } = v.getMetadata(unwrapped(schema)) as Metadata;
  return [
    {
      path,
      type: typeOf(schema),
      default: (schema as { readonly default?: unknown }).default,
      variable: variableOf(path),
      description: v.getDescription(unwrapped(schema)) ?? "",
      unit,
      range: min === undefined || max === undefined ? undefined : [min, max],
      choices: inner(schema).options,
      mayBeZero,
    },
  ];
}

/** What the schema says of a setting besides its type. */
interface Metadata {
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly mayBeZero?: boolean;
}

/** `PITLANE_RISK__MAX_ORDER_NOTIONAL` of `risk.maxOrderNotional`: a level per two underscores. Pure. */
function variableOf(path: Path): string {
  const levels = path.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return `PITLANE_${levels.join("__")}`;
}

export type Located =
  | { readonly type: KeyType | "free" }
  /** The path leads nowhere; `problem` says where it ends and what there is. */
  | { readonly problem: string; readonly isUnknownName: boolean };

/** What may stand at `path`; `free` below a plugin's own settings. Pure. */
export function locate(path: Path): Located {
  let schema: Schema = configSchema;
  for (const [depth, name] of path.entries()) {
    const { entries, item, value, type } = inner(schema);
    const shown = formatPath(path.slice(0, depth + 1));
    if (entries !== undefined) {
      const names = Object.keys(entries);
      if (!Object.hasOwn(entries, name)) {
        const problem = `${shown} is not a setting${didYouMean(name, names)}; there are ${names.join(", ")}`;
        return { problem, isUnknownName: true };
      }
      schema = entries[name]!;
    } else if (item !== undefined) {
      if (!/^\d+$/.test(name))
        return { problem: `${shown}: a list needs a place in it, such as [0]`, isUnknownName: false };
      schema = item;
    } else if (type === "record" && value !== undefined) {
      schema = value;
    } else if (type === "unknown") {
      return { type: "free" };
    } else {
      const holder = formatPath(path.slice(0, depth));
      return { problem: `${shown} is not a setting: ${holder} holds one value`, isUnknownName: false };
    }
  }
  return { type: inner(schema).type === "unknown" ? "free" : typeOf(schema) };
}

function typeOf(schema: Schema): KeyType {
  const { type } = inner(schema);
  if (type === "number" || type === "boolean") return type;
  return type === "string" || type === "picklist" ? "text" : "json";
}

/** The parts of a schema that this file walks by; each is there for its own type of schema. */
interface Parts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly options?: readonly string[];
}

function inner(schema: Schema): Parts {
  return unwrapped(schema) as unknown as Parts;
}

/** The schema that `optional` holds. */
function unwrapped(schema: Schema): Schema {
  return schema.type === "optional" ? unwrapped((schema as unknown as { readonly wrapped: Schema }).wrapped) : schema;
}
