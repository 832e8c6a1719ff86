import type { StandardSchemaV1 } from "@standard-schema/spec";
import { didYouMean } from "../config/did-you-mean.ts";
import { formatPath } from "../config/path.ts";

/** A name in a plugin's settings that its schema does not have. */
export interface UnknownName {
  /** Where it stands, from the plugin's settings on. */
  readonly path: readonly string[];
  /** Names that could stand there. */
  readonly names: readonly string[];
}

/** The parts of a schema that its names are told by; each is there for some libraries, and some types of schema, only. */
interface Parts {
  readonly type?: unknown;
  readonly entries?: unknown; // valibot
  readonly shape?: unknown; // zod
  readonly wrapped?: unknown;
  readonly def?: {
    readonly innerType?: unknown;
    readonly in?: unknown;
    readonly catchall?: { readonly type?: unknown };
  };
}

type Names = Readonly<Record<string, unknown>>;

/**
 * Whether a schema has the names of a path: `known`, the first that it has not, or undefined when it does not tell. Of schemas other than
 * objects of valibot and zod, and of ones that take any further name, nothing is known. Pure.
 */
export function findName(schema: StandardSchemaV1, path: readonly string[]): UnknownName | "known" | undefined {
  let at: unknown = schema;
  for (const [depth, name] of path.entries()) {
    const known = namesOf(at);
    if (known === undefined) return undefined;
    if (!Object.hasOwn(known, name)) return { path: path.slice(0, depth + 1), names: Object.keys(known) };
    at = known[name];
  }
  return "known";
}

/** Every name of `config` that a schema does not have, as far as it tells. Pure. */
export function unknownNames(schema: StandardSchemaV1, config: unknown): readonly UnknownName[] {
  return namesUnder(schema, config, []);
}

/** What to say of it: with the name that was most likely meant, and those there are. Pure. */
export function sayUnknown({ path, names }: UnknownName, shown: string = formatPath(path)): string {
  const name = path.at(-1) ?? "";
  return `${shown} is not a setting${didYouMean(name, names)}; there ${names.length === 1 ? "is" : "are"} ${names.join(", ") || "none"}`;
}

function namesUnder(schema: unknown, config: unknown, path: readonly string[]): readonly UnknownName[] {
  const known = namesOf(schema);
  if (known === undefined || typeof config !== "object" || config === null || Array.isArray(config)) return [];
  return Object.entries(config).flatMap(([name, value]): readonly UnknownName[] => {
    const at = [...path, name];
    return Object.hasOwn(known, name) ? namesUnder(known[name], value, at) : [{ path: at, names: Object.keys(known) }];
  });
}

/** The names of an object's schema with their schemas; undefined where it cannot be told. */
function namesOf(schema: unknown): Names | undefined {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return undefined;
  const { type, entries, shape, wrapped, def } = schema as Parts;
  const held = wrapped ?? def?.innerType ?? def?.in; // optional, default, nullable, and what a pipe begins with
  if (held !== undefined) return namesOf(held);
  const takesAny = type === "loose_object" || type === "object_with_rest" || isOpen(def?.catchall);
  const names = entries ?? shape;
  return takesAny || typeof names !== "object" || names === null ? undefined : (names as Names);
}

/** Zod's `strict` holds `never` there. */
function isOpen(catchall: { readonly type?: unknown } | undefined): boolean {
  return catchall !== undefined && catchall.type !== "never";
}
