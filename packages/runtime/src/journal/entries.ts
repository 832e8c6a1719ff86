import type { JournalRow } from "./chain.ts";
import { JournalError } from "./errors.ts";
import { decodeInputs } from "./input-reader.ts";
import type { InputRecord } from "./inputs.ts";

const INPUT_KINDS = [
  "quote",
  "trade",
  "book",
  "bar",
  "gap",
  "resync",
  "timer",
  "frameEnd",
  "continue",
  "flushLow",
] as const satisfies readonly InputRecord["kind"][];

/** Kinds that can be asked for: of rows that a session or a recorder writes, and of inputs. Streams of a recorder add theirs, `trades.trade` say. */
export const ENTRY_KINDS: readonly string[] = [
  ...INPUT_KINDS,
  "inputs",
  "account",
  "account.venue",
  "alert",
  "amend",
  "amend.end",
  "cancel",
  "cancel.end",
  "cancel.open",
  "clock",
  "failure",
  "fault",
  "intent",
  "operator",
  "overdue",
  "phase",
  "plugin.control",
  "plugin.swap",
  "reconciled",
  "record.end",
  "record.error",
  "record.start",
  "report",
  "risk.breach",
  "risk.state",
  "route",
  "run.end",
  "run.failed",
  "run.resume",
  "run.start",
  "snapshot",
  "stop",
];

/** What people and tables see of a journal: a row of JSON, or one record of a row of inputs. */
export interface JournalEntry {
  /** Of the row. */
  readonly seq: number;
  /** Place in a row of inputs, from 1; 0 for a row of JSON. */
  readonly record: number;
  readonly atUs: number;
  /** Kind of the row, or of the record. */
  readonly kind: string;
  /** What the JSON says, or the record's own fields. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Entries of a row, in order. Pure. @throws {JournalError} When its body was changed so that it cannot be read. */
function* entriesOf({ seq, atUs, kind, body }: JournalRow): Generator<JournalEntry> {
  if (typeof body === "string") {
    yield { seq, record: 0, atUs, kind, body: parseBody(seq, kind, body) };
    return;
  }
  let record = 0;
  for (const input of decodeInputs(body)) yield inputEntry(seq, ++record, input);
}

function parseBody(seq: number, kind: string, body: string): JournalEntry["body"] {
  try {
    return JSON.parse(body) as JournalEntry["body"];
  } catch (cause) {
    throw new JournalError(
      `the body of event ${seq} (${kind}) is no JSON: "pitlane journal verify" tells what is intact`,
      {
        cause,
      },
    );
  }
}

function inputEntry(seq: number, record: number, { kind, atUs, ...fields }: InputRecord): JournalEntry {
  return { seq, record, atUs, kind, body: fields };
}

/** Which entries of a journal; all of them unless told. */
export interface EntryFilter {
  /** Of rows or of records; `inputs` is all records. */
  readonly kinds?: ReadonlySet<string> | undefined;
  readonly fromUs?: number | undefined;
  /** Included. */
  readonly untilUs?: number | undefined;
}

/** Entries of `rows` that pass. */
export async function* entriesIn(
  rows: AsyncIterable<JournalRow>,
  { kinds, fromUs = 0, untilUs = Number.POSITIVE_INFINITY }: EntryFilter,
): AsyncGenerator<JournalEntry> {
  for await (const row of rows) {
    if (row.atUs < fromUs) continue; // a block has the time of its last record
    for (const entry of entriesOf(row)) {
      if (entry.atUs > untilUs || entry.atUs < fromUs) continue;
      if (kinds === undefined || kinds.has(entry.kind) || (entry.record > 0 && kinds.has("inputs"))) yield entry;
    }
  }
}

/** JSON of what JSON has no word for: amounts as text; of numbers, an empty side's price becomes null. */
export function toJson(value: unknown, space?: number): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part), space);
}

/** `2026-01-01T00:00:00.000123Z`. */
export function formatUs(atUs: number): string {
  const ms = Math.floor(atUs / 1000);
  const us = String(atUs - ms * 1000).padStart(3, "0");
  return new Date(ms).toISOString().replace("Z", `${us}Z`);
}
