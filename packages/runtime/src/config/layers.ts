import { formatPath, type Path } from "./path.ts";

/** Who set a value: the strength grows from left to right. */
export type LayerName = "default" | "profile" | "file" | "env" | "flag";

/** Where a value came from. */
export interface Origin {
  readonly layer: LayerName;
  /** The profile, the file, the variable or the flag; empty for a default. */
  readonly name: string;
}

/** A value for a place. */
export interface Assignment {
  readonly path: Path;
  readonly value: unknown;
  readonly origin: Origin;
}

/** What is wrong, where, and who said it. */
export interface ConfigProblem {
  readonly path: Path;
  readonly message: string;
  readonly origin: Origin;
}

const DEFAULT: Origin = { layer: "default", name: "" };

/** A value of the effective settings that has no further parts. */
export interface Setting {
  readonly path: Path;
  readonly value: unknown;
  readonly origin: Origin;
}

/**
 * Settings put together from several sources, later ones winning. Objects are merged key by key; all else, lists too, is replaced as a whole.
 * Nothing that is given is kept or changed: values are copied down to what is no plain object or list.
 */
export class Layers {
  readonly #root: Record<string, unknown> = {};
  /** By `formatPath`; a place without an entry has that of the nearest one above it. */
  readonly #origins = new Map<string, Origin>();
  readonly problems: ConfigProblem[] = [];

  /** The merged values. The caller must not change them. */
  get values(): Readonly<Record<string, unknown>> {
    return this.#root;
  }

  /** Who set what is at `path`. */
  originOf(path: Path): Origin {
    for (let depth = path.length; depth > 0; depth--) {
      const origin = this.#origins.get(formatPath(path.slice(0, depth)));
      if (origin !== undefined) return origin;
    }
    return DEFAULT;
  }

  /** Puts `value` at `path`, over what was there. A path through something that has no parts is a problem, and changes nothing. */
  put({ path, value, origin }: Assignment): void {
    if (path.includes("__proto__")) {
      this.#refuse(path, "is not a name for a setting", origin);
    } else if (!isPlainObject(value)) {
      this.#replace(path, copyOf(value), origin);
    } else if (isPlainObject(this.#at(path)) || this.#replace(path, {}, origin)) {
      for (const name of Object.keys(value)) this.put({ path: [...path, name], value: value[name], origin });
    }
  }

  #replace(path: Path, value: unknown, origin: Origin): boolean {
    let holder: unknown = this.#root;
    for (const [depth, name] of path.slice(0, -1).entries()) {
      if (isPlainObject(holder) && !Object.hasOwn(holder, name)) holder[name] = {};
      holder = childOf(holder, name);
      if (!isPlainObject(holder) && !Array.isArray(holder))
        return this.#refuse(path, `cannot be set: ${formatPath(path.slice(0, depth + 1))} has no parts`, origin);
    }
    const last = path[path.length - 1];
    if (last === undefined) return this.#refuse(path, "the settings must be an object", origin);
    if (Array.isArray(holder)) {
      const index = /^\d+$/.test(last) ? Number(last) : Number.NaN;
      if (!(index < holder.length))
        return this.#refuse(path, `cannot be set: the list has ${holder.length} entries`, origin);
      holder[index] = value;
    } else {
      (holder as Record<string, unknown>)[last] = value;
    }
    this.#own(path, origin);
    return true;
  }

  /** Notes who set `path`; what was known of its parts is of no use any more. */
  #own(path: Path, origin: Origin): void {
    const shown = formatPath(path);
    for (const known of this.#origins.keys())
      if (known.startsWith(`${shown}.`) || known.startsWith(`${shown}[`)) this.#origins.delete(known);
    this.#origins.set(shown, origin);
  }

  #at(path: Path): unknown {
    return path.reduce<unknown>((holder, name) => childOf(holder, name), this.#root);
  }

  #refuse(path: Path, message: string, origin: Origin): false {
    this.problems.push({ path, message, origin });
    return false;
  }
}

/** Every value of `values` that has no parts, with who set it; an empty object or list counts as one. Pure. */
export function listSettings(values: unknown, originOf: (path: Path) => Origin): readonly Setting[] {
  const walk = (value: unknown, path: Path): readonly Setting[] => {
    const parts = Array.isArray(value) || isPlainObject(value) ? Object.entries(value) : [];
    return parts.length === 0
      ? [{ path, value, origin: originOf(path) }]
      : parts.flatMap(([name, part]) => walk(part, [...path, name]));
  };
  return walk(values, []);
}

/** "pitlane.config.ts", "PITLANE_SEED", "profile production", "default". Pure. */
export function formatOrigin({ layer, name }: Origin): string {
  if (layer === "default") return "default";
  return layer === "profile" ? `profile ${name}` : name;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function childOf(holder: unknown, name: string): unknown {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, name)) return undefined;
  return (holder as Record<string, unknown>)[name];
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyOf(part)]));
}
