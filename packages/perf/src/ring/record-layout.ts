import { InvalidInputError, integerInRange } from "../errors.ts";

/**
 * How one field is stored: a double, a signed or an unsigned integer of so many bits.
 *
 * `i64` is a `bigint`, the others are numbers. As with typed arrays, an integer that does not fit keeps its low bits.
 */
export type FieldType = "f64" | "i64" | "i32" | "u32" | "u16" | "u8";

/** Field names and their types, in order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** The record that a layout describes. */
export type RecordOf<F extends Fields> = { -readonly [Name in keyof F]: F[Name] extends "i64" ? bigint : number };

/** Moves records of one layout in and out of one block of memory. */
export interface RecordCodec<F extends Fields> {
  /** Stores `record` at `offset`, in bytes, a multiple of 8. */
  write(offset: number, record: Readonly<RecordOf<F>>): void;
  /** Overwrites every field of `into` with what is stored at `offset`. */
  read(offset: number, into: RecordOf<F>): void;
}

const BYTES: Readonly<Record<FieldType, number>> = { f64: 8, i64: 8, i32: 4, u32: 4, u16: 2, u8: 1 };
const FIELD_NAME = /^[A-Za-z_]\w*$/;

/** The form of a record of fixed size: made by `recordLayout`, alike in every thread that shares a ring. */
export class RecordLayout<F extends Fields> {
  /** Bytes of one record, a multiple of 8. */
  readonly byteLength: number;
  /** 32 bits of names, types and order: unlike ones mean unlike layouts. */
  readonly fingerprint: number;
  readonly #fields: readonly (readonly [name: string, type: FieldType])[];
  readonly #Record: new () => RecordOf<F>;

  /** @throws {InvalidInputError} As `recordLayout`. */
  constructor(fields: F) {
    this.#fields = Object.entries(fields);
    integerInRange("number of fields", this.#fields.length, 1, 64);
    for (const [name, type] of this.#fields) {
      if (!FIELD_NAME.test(name) || name === "__proto__")
        throw new InvalidInputError(`field "${name}" must be named as a variable is: letters, digits, _`);
      if (!Object.hasOwn(BYTES, type))
        throw new InvalidInputError(
          `field "${name}" must be one of ${Object.keys(BYTES).join(", ")}, got ${String(type)}`,
        );
    }
    const bytes = this.#fields.reduce((sum, [, type]) => sum + BYTES[type], 0);
    this.byteLength = Math.ceil(bytes / 8) * 8;
    this.#Record = compileRecord<F>(this.#fields);
    this.fingerprint = fingerprint(this.#fields.map(([name, type]) => `${name}:${type}`).join());
  }

  /** A record of zeros. Make one and use it again: rings fill it in place. */
  createRecord(): RecordOf<F> {
    return new this.#Record();
  }

  /**
   * Compiles reading and writing for `buffer`.
   *
   * One statement a field: a loop over names looks each one up anew and costs 26 ns a record of four fields where this
   * costs 1.
   */
  createCodec(buffer: SharedArrayBuffer): RecordCodec<F> {
    const views = {
      f64: new Float64Array(buffer),
      i64: new BigInt64Array(buffer),
      i32: new Int32Array(buffer),
      u32: new Uint32Array(buffer),
      u16: new Uint16Array(buffer),
      u8: new Uint8Array(buffer),
    };
    const slots = slotsOf(this.#fields);
    const source = `"use strict";
      const { ${Object.keys(views).join(", ")} } = views;
      return {
        write(offset, record) { ${slots.map(([name, slot]) => `${slot} = record.${name};`).join(" ")} },
        read(offset, into) { ${slots.map(([name, slot]) => `into.${name} = ${slot};`).join(" ")} },
      };`;
    return new Function("views", source)(views) as RecordCodec<F>;
  }
}

/**
 * Describes a record of fixed size, to be shared between threads.
 *
 * Fields are stored largest first, so that none straddles a boundary and only the end is padded.
 *
 * Code for the layout is made by `new Function`, from field names that are checked to be plain identifiers.
 *
 * @throws {InvalidInputError} When there are no fields or more than 64, a name is no identifier, or a type is unknown.
 * @throws {EvalError} When the process forbids code from strings (`--disallow-code-generation-from-strings`).
 * @example
 * const layout = recordLayout({ atUs: "f64", priceTicks: "f64", sizeLots: "i32", side: "u8" });
 * const record = layout.createRecord(); // { atUs: 0, priceTicks: 0, sizeLots: 0, side: 0 }
 */
export function recordLayout<const F extends Fields>(fields: F): RecordLayout<F> {
  return new RecordLayout(fields);
}

/**
 * A class with these fields, so that records have a shape of their own in V8: a plain object would share it with the object
 * of types given to `recordLayout`, whose fields are strings, and every double written to it would be boxed.
 */
function compileRecord<F extends Fields>(fields: readonly (readonly [string, FieldType])[]): new () => RecordOf<F> {
  const zeros = fields.map(([name, type]) => `this.${name} = ${type === "i64" ? "0n" : "0"};`).join(" ");
  return new Function(`return class SharedRecord { constructor() { ${zeros} } };`)();
}

/** Each field with the typed-array element that holds it, as source text in terms of `offset`. */
function slotsOf(fields: readonly (readonly [string, FieldType])[]): [name: string, slot: string][] {
  let position = 0;
  return [...fields]
    .sort(([, a], [, b]) => BYTES[b] - BYTES[a])
    .map(([name, type]) => {
      const bytes = BYTES[type];
      const slot = `${type}[(offset >>> ${Math.log2(bytes)}) + ${position / bytes}]`;
      position += bytes;
      return [name, slot];
    });
}

/** Source: FNV-1a, 32 bits (Fowler, Noll, Vo). */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
