import { decimalsOf } from "../../scale.ts";
import { CLIENT_ID_RANGE, DECIMAL_RANGE, ID_RANGE, refuse } from "./errors.ts";
import { toMicroseconds } from "./time-unit.ts";

const ID = new RegExp(ID_RANGE);
const DECIMAL = new RegExp(DECIMAL_RANGE);
const CLIENT_ID = new RegExp(CLIENT_ID_RANGE);
const MAX_DECIMALS = 8;

/** A request's parameters, read by name. What is read is checked, and refused with the venue's code. */
export class Params {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** How many were sent. */
  get size(): number {
    return this.#values.size;
  }

  names(): IterableIterator<string> {
    return this.#values.keys();
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The text of `name`; undefined when it was not sent. @throws {VenueRefusal} -1105 when it was sent empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === "") throw refuse.empty(name);
    return value;
  }

  /** @throws {VenueRefusal} -1102 when `name` is missing or empty. */
  required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === "") throw refuse.missing(name);
    return value;
  }

  /** A whole number of up to 20 digits, as ids and times are. @throws {VenueRefusal} -1100 when it is none. */
  id(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!ID.test(text)) throw refuse.illegalCharacters(name, ID_RANGE);
    return Number(text);
  }

  /** A time in milliseconds or microseconds, as microseconds. @throws {VenueRefusal} As `id`. */
  timeUs(name: string): number | undefined {
    const time = this.id(name);
    return time === undefined ? undefined : toMicroseconds(time);
  }

  /** `limit`, or `fallback`, cut to `max`. @throws {VenueRefusal} -1100 when no number, -1130 when 0. */
  limit(fallback: number, max: number): number {
    const limit = this.id("limit") ?? fallback;
    if (limit === 0) throw refuse.badData("limit");
    return Math.min(limit, max);
  }

  /** Plain decimal text with at most 8 decimals. @throws {VenueRefusal} -1100, or -1111 when there are more. */
  decimal(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!DECIMAL.test(text)) throw refuse.illegalCharacters(name, DECIMAL_RANGE);
    if (decimalsOf(text) > MAX_DECIMALS) throw refuse.tooPrecise(name);
    return text;
  }

  /** A client order id. @throws {VenueRefusal} -1100 when it has another form. */
  clientId(name: string): string | undefined {
    const text = this.text(name);
    if (text !== undefined && !CLIENT_ID.test(text)) throw refuse.illegalCharacters(name, CLIENT_ID_RANGE);
    return text;
  }

  /** `true` or `false`, in any case. @throws {VenueRefusal} -1130 when another word. */
  flag(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return undefined;
    if (text !== "true" && text !== "false") throw refuse.badData(name);
    return text === "true";
  }

  /** The list of `symbols=["A","B"]`. @throws {VenueRefusal} -1100 when it is no list of texts, -1151 when one comes twice. */
  symbols(): string[] | undefined {
    const text = this.text("symbols");
    if (text === undefined) return undefined;
    if (!/^\["[^"\\,]+"(,"[^"\\,]+")*\]$/.test(text)) throw refuse.illegalCharacters("symbols", '["SYMBOL","SYMBOL"]');
    const symbols = text.slice(2, -2).split('","');
    if (new Set(symbols).size !== symbols.length) throw refuse.duplicateSymbols();
    return symbols;
  }
}

/**
 * Parameters out of a query and a form body, both still encoded. The query wins where both have a name.
 *
 * @throws {VenueRefusal} -1100 when a percent sign is not followed by two hex digits of UTF-8.
 */
export function parseForm(query: string, body: string): Params {
  const values = new Map<string, string>();
  addForm(values, body);
  addForm(values, query);
  return new Params(values);
}

/** Parameters out of a WebSocket request's `params`: numbers and booleans become their JSON text, lists stay JSON. */
export function parseObject(params: Readonly<Record<string, unknown>>): Params {
  const values = new Map<string, string>();
  for (const name of Object.keys(params)) {
    const value = params[name];
    if (value !== null && value !== undefined) values.set(name, jsonText(value));
  }
  return new Params(values);
}

/** A parameter's value as text: texts as they are, all else as JSON. */
export function jsonText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function addForm(values: Map<string, string>, form: string): void {
  if (form === "") return;
  for (const pair of form.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    values.set(decode(name, name), equals < 0 ? "" : decode(name, pair.slice(equals + 1)));
  }
}

function decode(name: string, text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch (error) {
    if (error instanceof URIError) throw refuse.illegalCharacters(name, "percent-encoded UTF-8");
    throw error;
  }
}
