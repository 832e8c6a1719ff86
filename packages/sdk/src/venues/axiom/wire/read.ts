import { ProtocolError } from "../../../errors.ts";

/** Reads one value of a message. Throws a `Mismatch` that says what it must be. */
export type Read<T> = (value: unknown) => T;

/** A value has not the form that is known of it. Made into a `ProtocolError` by `parser`, which knows where it stood. */
class Mismatch extends Error {}

/** An object of which not every field is known. */
export type OpenRecord = Readonly<Record<string, unknown>>;

/** Columns beyond those that have a name here: the venue appends new ones. */
export interface MoreColumns {
  readonly moreColumns: readonly unknown[];
}

/** Fields beyond those that have a name here, under the venue's own names. */
export interface MoreFields {
  readonly moreFields: OpenRecord;
}

/** Where each column of a row stands, and how it is read. */
export type Columns<T> = { readonly [K in keyof T]-?: readonly [index: number, read: Read<T[K]>] };

/** How each field of an object is read; with the venue's name for it where ours differs. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Read<T[K]> | readonly [name: string, read: Read<T[K]>] };

/**
 * A reader that may be called with what came from outside.
 *
 * @throws {ProtocolError} The result does, naming `where`, and the row and the column or field that has not the known form.
 */
export function parser<T>(where: string, read: Read<T>): (value: unknown) => T {
  return (value) => {
    try {
      return read(value);
    } catch (error) {
      if (error instanceof Mismatch) throw new ProtocolError(`${where}: ${error.message}`);
      throw error;
    }
  };
}

/** A positional row. A missing column reads as null would: an error, unless its reader is `nullable` or `raw`. */
export function rowOf<T>(columns: Columns<T>): Read<T & MoreColumns> {
  const spec = Object.entries(columns) as [string, readonly [number, Read<unknown>]][];
  const width = Math.max(...spec.map(([, [index]]) => index)) + 1;
  return (value) => {
    if (!Array.isArray(value)) throw must("be a row", value);
    const row: Record<string, unknown> = {};
    for (const [name, [index, read]] of spec) row[name] = within(`column ${index} (${name})`, read, value[index]);
    row["moreColumns"] = value.slice(width);
    return row as T & MoreColumns;
  };
}

/** An object with named fields. */
export function objectOf<T>(fields: FieldsOf<T>): Read<T & MoreFields> {
  const spec = Object.entries(fields).map(([ours, field]) =>
    typeof field === "function"
      ? ([ours, ours, field as Read<unknown>] as const)
      : ([ours, ...(field as readonly [string, Read<unknown>])] as const),
  );
  const known = new Set(spec.map(([, theirs]) => theirs));
  return (value) => {
    const object = record(value);
    const result: Record<string, unknown> = {};
    for (const [ours, theirs, read] of spec) result[ours] = within(`"${theirs}"`, read, object[theirs]);
    result["moreFields"] = Object.fromEntries(Object.entries(object).filter(([name]) => !known.has(name)));
    return result as T & MoreFields;
  };
}

/** A list of such items; an error names the item's place, from 0. */
export function listOf<T>(item: string, read: Read<T>): Read<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw must("be a list", value);
    return value.map((one, index) => within(`${item} ${index}`, read, one));
  };
}

/** An object used as a map. */
export function mapOf<T>(read: Read<T>): Read<ReadonlyMap<string, T>> {
  return (value) =>
    new Map(Object.entries(record(value)).map(([key, one]) => [key, within(`"${key}"`, read, one)] as const));
}

/** Null, or nothing at all, is null. */
export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value) => (value === null || value === undefined ? null : read(value));
}

/** Handed over as it came: its form is not known. */
export const raw: Read<unknown> = (value) => value ?? null;

export const record: Read<OpenRecord> = (value) => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as OpenRecord;
  throw must("be an object", value);
};

export const text: Read<string> = (value) => {
  if (typeof value === "string") return value;
  throw must("be text", value);
};

const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number, which the venue sometimes writes as text. */
export const number: Read<number> = (value) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && DECIMAL.test(value)) return Number(value);
  throw must("be a number", value);
};

export const integer: Read<number> = (value) => {
  const result = number(value);
  if (Number.isSafeInteger(result)) return result;
  throw must("be a whole number", value);
};

/** A whole number from 0 to below `end`. */
export function integerBelow(end: number): Read<number> {
  return (value) => {
    const result = integer(value);
    if (result >= 0 && result < end) return result;
    throw must(`be from 0 to ${end - 1}`, value);
  };
}

/** True or false, also as 1 or 0. */
export const flag: Read<boolean> = (value) => {
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1;
  throw must("be true or false", value);
};

/** Decimal text of a whole number of any size, exactly. */
export const units: Read<bigint> = (value) => {
  if (typeof value === "string" && /^-?\d{1,100}$/.test(value)) return BigInt(value);
  throw must("be the text of a whole number", value);
};

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const LATEST_MS = 8.64e15; // of a JavaScript date

/** A time as ISO text or as milliseconds since the epoch (a MessagePack frame may also bring a date), as microseconds since the epoch. */
export const timeUs: Read<number> = (value) => {
  let ms = Number.NaN;
  if (typeof value === "number") ms = value;
  else if (typeof value === "string") ms = ISO.test(value) ? Date.parse(value) : Number.NaN;
  else if (value instanceof Date) ms = value.getTime();
  if (Math.abs(ms) <= LATEST_MS / 1000) return Math.round(ms * 1000);
  throw must("be a time: ISO text or milliseconds since the epoch", value);
};

/** JSON inside of text; what is no text is taken to be the value itself. */
export function jsonText<T>(read: Read<T>): Read<T> {
  return (value) => {
    if (typeof value !== "string") return read(value);
    let inner: unknown;
    try {
      inner = JSON.parse(value);
    } catch {
      throw new Mismatch("must be JSON text");
    }
    return read(inner);
  };
}

/** One of a few values, each with our word for it. */
export function wordOf<T extends string>(words: ReadonlyMap<unknown, T>): Read<T> {
  return (value) => {
    const word = words.get(value);
    if (word !== undefined) return word;
    throw new Mismatch(`must be one of ${[...words.keys()].join(", ")}, got ${shown(value)}`);
  };
}

function within<T>(part: string, read: Read<T>, value: unknown): T {
  try {
    return read(value);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    // "row 3: column 8 (x) must be ..." : a colon between the places, none before the rule
    throw new Mismatch(error.message.startsWith("must ") ? `${part} ${error.message}` : `${part}: ${error.message}`);
  }
}

function must(rule: string, value: unknown): Mismatch {
  return new Mismatch(`must ${rule}, got ${shown(value)}`);
}

/** Never text itself: it may be a secret. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value;
}
