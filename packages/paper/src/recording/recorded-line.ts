import { excerpt, LineProblem, MisplacedLine } from "./errors.ts";

/** How the lines of a file are written: JSON records with a type, or `<receive time> <frame>`. */
export type RecordingForm = "jsonl" | "raw";

/** One line, told apart but not yet understood. Times are integer microseconds since the Unix epoch. */
export type RecordedLine =
  | { readonly kind: "header"; readonly exchange: string }
  | { readonly kind: "http"; readonly atUs: number; readonly url: string; readonly text: string }
  | { readonly kind: "connect"; readonly connection: string; readonly address: string }
  | { readonly kind: "send"; readonly connection: string; readonly text: string }
  /** A connection's end, which says nothing of the market. */
  | { readonly kind: "end" }
  | {
      readonly kind: "message";
      readonly atUs: number;
      readonly connection: string;
      readonly text: string;
      /** Its bytes are the base64 of `text`. Left out for text. */
      readonly isBinary?: true;
    };

type Json = Readonly<Record<string, unknown>>;

/** Tells the form by a file's first line that is not blank. @throws {MisplacedLine} When it is of another kind. */
export function detectForm(firstLine: string): RecordingForm {
  if (/^\d+ /.test(firstLine)) return "raw";
  if (firstLine.startsWith("{") && mayBeRecord(firstLine)) return "jsonl";
  throw new MisplacedLine(
    'is not a recording: it begins neither with {"t":"header",..} nor with "<receive time> <frame>"',
    {
      remedy: "name a file made by a recorder of raw Binance frames, not a table or a log",
    },
  );
}

// A broken record still counts: its own message says more than "another kind of file".
function mayBeRecord(line: string): boolean {
  try {
    return isObject(JSON.parse(line) as unknown, "t");
  } catch {
    return line.includes('"t"');
  }
}

/**
 * Reads `<receive time> <JSON>`, split at the first space. The time is Unix time as 13 digits (ms), 16 (us) or 19 (ns,
 * cut to us).
 *
 * @throws {LineProblem} When the line has another shape.
 */
export function parseRawLine(line: string): RecordedLine {
  const space = line.indexOf(" ");
  const digits = line.slice(0, Math.max(space, 0));
  if (!/^\d+$/.test(digits)) throw new LineProblem("does not begin with a receive time and a space");
  return { kind: "message", atUs: toUs(digits), connection: "", text: line.slice(space + 1) };
}

function toUs(digits: string): number {
  switch (digits.length) {
    case 13:
      return Number(digits) * 1000;
    case 16:
      return Number(digits);
    case 19:
      return Number(digits.slice(0, 16));
    default:
      throw new LineProblem(
        `the receive time has ${digits.length} digits; it must be Unix time with 13 (ms), 16 (us) or 19 (ns)`,
      );
  }
}

/**
 * Reads a record `{"t": "header" | "http" | "connect" | "send" | "recv", ..}`; `ts` is Unix time in seconds, with a
 * fraction, `data` is text as it was on the wire.
 *
 * @throws {LineProblem} When the line is not JSON or a member is missing or of the wrong type.
 */
export function parseJsonlLine(line: string): RecordedLine {
  const record = parseJson(line);
  if (!isObject(record, "t")) throw new LineProblem('is not a record: it has no "t"');
  switch (record["t"]) {
    case "header":
      return { kind: "header", exchange: textOf(record, "exchange") };
    case "http":
      return { kind: "http", atUs: atUsOf(record), url: textOf(record, "url"), text: textOf(record, "data") };
    case "connect":
      return { kind: "connect", connection: textOf(record, "conn"), address: textOf(record, "addr") };
    case "send":
      return { kind: "send", connection: textOf(record, "conn"), text: textOf(record, "data") };
    case "recv":
      return {
        kind: "message",
        atUs: atUsOf(record),
        connection: textOf(record, "conn"),
        text: textOf(record, "data"),
        ...(record["binary"] === true && { isBinary: true }),
      };
    case "disconnect":
    case "close":
    case "error":
      return { kind: "end" };
    default:
      throw new LineProblem(`"t" must be header, http, connect, send or recv, not ${excerpt(String(record["t"]))}`);
  }
}

/** `JSON.parse` whose error is a `LineProblem`; `what` names the text. */
export function parseJson(text: string, what = "the line"): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const end = text.trimEnd().at(-1);
    const cut = end !== "}" && end !== "]";
    throw new LineProblem(cut ? `${what} is cut off: its JSON has no end` : `${what} is not valid JSON`, { cause });
  }
}

/** Whether `value` is a JSON object, with the member `key` when one is asked for. */
export function isObject(value: unknown, key?: string): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) && (key === undefined || key in value);
}

function textOf(record: Json, key: string): string {
  const value = record[key];
  if (typeof value === "string") return value;
  throw new LineProblem(`the ${String(record["t"])} record needs a text "${key}", got ${typeof value}`);
}

function atUsOf(record: Json): number {
  const seconds = record["ts"];
  // Up to the year 2286, where microseconds get a 17th digit; below 1e9 it is not Unix time in seconds.
  if (typeof seconds === "number" && seconds >= 1e9 && seconds < 1e10) return Math.round(seconds * 1e6);
  throw new LineProblem(`the ${String(record["t"])} record needs "ts", Unix time in seconds, got ${String(seconds)}`);
}
