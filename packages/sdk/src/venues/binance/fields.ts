import { InvalidInputError } from "@pitlane/perf";
import { ProtocolError } from "../../errors.ts";
import { parseScaled, parseUnits } from "../../model/scale.ts";

/** A JSON object whose fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** JSON text of any form. @throws {ProtocolError} Naming `where` and showing the start of the text when it is not JSON. */
export function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError(`${where}: not JSON: ${excerpt(text)}`);
  }
}

export function toFields(where: string, value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ProtocolError(`${where} must be an object, got ${kindOf(value)}`);
}

export function toList(where: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new ProtocolError(`${where} must be a list, got ${kindOf(value)}`);
}

export function textOf(where: string, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new ProtocolError(`${where}: "${name}" must be text, got ${kindOf(value)}`);
}

/** A whole number that is exact in JavaScript: an id, a sequence, a time. */
export function integerOf(where: string, fields: Fields, name: string): number {
  const value = fields[name];
  if (Number.isSafeInteger(value)) return value as number;
  throw new ProtocolError(`${where}: "${name}" must be a whole number, got ${shown(value)}`);
}

export function flagOf(where: string, fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === "boolean") return value;
  throw new ProtocolError(`${where}: "${name}" must be true or false, got ${kindOf(value)}`);
}

/** A time in milliseconds as microseconds. */
export function timeUsOf(where: string, fields: Fields, name: string): number {
  return integerOf(where, fields, name) * 1000;
}

/** Decimal text as a whole number of 10^-decimals. */
export function scaledOf(where: string, fields: Fields, name: string, decimals: number): number {
  const text = textOf(where, fields, name);
  return naming(where, name, () => parseScaled(text, decimals));
}

/** Decimal text as an amount in an asset's smallest unit. */
export function unitsOf(where: string, fields: Fields, name: string): bigint {
  const text = textOf(where, fields, name);
  return naming(where, name, () => parseUnits(text));
}

/** The start of a text, on one line: enough to recognise it by in a message. */
export function excerpt(text: string): string {
  const line = text.slice(0, 400).replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

/** What `parse` gives; an InvalidInputError of it becomes a ProtocolError that names the field. */
export function naming<T>(where: string, name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidInputError) throw new ProtocolError(`${where}: "${name}" ${error.message}`);
    throw error;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : kindOf(value);
}
