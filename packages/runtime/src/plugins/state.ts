import { PluginBootError } from "./errors.ts";

/** What JSON can carry unchanged: state of plugins is kept in snapshots and journals. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values by key, part of the plugin's snapshot. For state of more form, see `snapshot` and `hydrate`. */
export interface KeyValueState {
  get(key: string): Json | undefined;
  /** Keeps `value` itself, not a copy. That JSON can carry it is checked when the snapshot is taken. */
  set(key: string, value: Json): void;
  delete(key: string): boolean;
  has(key: string): boolean;
  keys(): IterableIterator<string>;
  readonly size: number;
}

/**
 * A copy of `value` as JSON carries it.
 *
 * @throws {PluginBootError} Code `PLUGIN_STATE`, naming the place, when it holds what JSON would drop or change: undefined, NaN, a bigint,
 *   a Map, an object of a class.
 */
export function toJson(plugin: string, value: unknown): Json {
  return copy(plugin, value, "state");
}

function copy(plugin: string, value: unknown, place: string): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw unfit(plugin, place, String(value));
    case "object": {
      if (value === null) return null;
      if (Array.isArray(value)) return Array.from(value, (item, index) => copy(plugin, item, `${place}[${index}]`));
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
        throw unfit(plugin, place, (value as object).constructor?.name ?? "object");
      // Not by assignment: a key of the name `__proto__` would set what the object inherits from.
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, copy(plugin, item, `${place}.${key}`)]),
      );
    }
    default:
      throw unfit(plugin, place, typeof value);
  }
}

function unfit(plugin: string, place: string, what: string): PluginBootError {
  return new PluginBootError("PLUGIN_STATE", `the state of ${plugin} holds a ${what} at ${place}`, {
    path: [plugin, place],
    fix: "keep null, booleans, finite numbers, text, lists and plain objects; a bigint as text",
  });
}
