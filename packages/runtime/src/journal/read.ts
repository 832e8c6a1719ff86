import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type Database from "libsql";
import { openToRead } from "./absorb.ts";
import { hashBody, type JournalRow } from "./chain.ts";
import { JournalCorruptError, JournalSegmentError } from "./errors.ts";
import { unpackSegment } from "./segments.ts";
import {
  isDamage,
  isEmptyDatabase,
  opened,
  type SegmentEntry,
  type StoredRow,
  segmentsOf,
  storedRows,
} from "./store.ts";

/** Which rows; both ends are included. */
export interface RowRange {
  /** 1 unless told. */
  readonly fromSeq?: number | undefined;
  /** To the end unless told. */
  readonly untilSeq?: number | undefined;
}

/**
 * The rows of a journal, in order. A session may be writing it: the rows are those committed when the iteration gets there.
 *
 * Hashes are given, not checked: `verifyJournal` does. Bodies of an archived run lie in segments: `readRowsWithSegments` waits for them.
 *
 * @throws {InvalidInputError} When the file is missing or no journal.
 * @throws {JournalCorruptError} At the first row that is damaged.
 * @throws {JournalSegmentError} At the first row whose body lies in a segment.
 * @example
 * for (const { kind, body } of readRows("run/journal.db", { fromSeq: snapshotSeq }))
 *   if (kind === "inputs") for (const input of decodeInputs(body as Uint8Array)) core.take(input);
 */
export function* readRows(path: string, range: RowRange = {}): Generator<JournalRow> {
  const database = openToRead(path);
  try {
    for (const row of rowsOf(path, database, range)) {
      if (row.body === undefined)
        throw new JournalSegmentError(
          `the body of event ${row.seq} (${row.kind}) of ${path} lies in a segment: read the journal with readRowsWithSegments`,
        );
      yield withBody(row, row.body);
    }
  } finally {
    database.close();
  }
}

/**
 * As `readRows`, with the bodies that lie in segments. One segment is in memory at a time; those bodies are checked against their hash.
 *
 * @throws {JournalSegmentError} At the first row whose segment is missing or damaged.
 */
export async function* readRowsWithSegments(path: string, range: RowRange = {}): AsyncGenerator<JournalRow> {
  const database = openToRead(path);
  try {
    yield* rowsWithSegments(path, database, range);
  } finally {
    database.close();
  }
}

/** As `readRowsWithSegments`, of a journal that is open. */
export async function* rowsWithSegments(
  path: string,
  database: Database.Database,
  range: RowRange,
): AsyncGenerator<JournalRow> {
  const bodies = new SegmentBodies(path, segmentsOf(database));
  for (const row of rowsOf(path, database, range)) yield withBody(row, row.body ?? (await bodies.of(row)));
}

function* rowsOf(
  path: string,
  database: Database.Database,
  { fromSeq = 1, untilSeq = Number.MAX_SAFE_INTEGER }: RowRange,
): Generator<StoredRow> {
  let next = fromSeq;
  try {
    for (const row of storedRows(database, fromSeq, untilSeq)) {
      yield row;
      next = row.seq + 1;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new JournalCorruptError(
      `event ${next} of ${path} cannot be read (${(error as Error).message}): ${next === 1 ? "keep the file and restore it from a copy" : `those before it can, with --until ${next - 1}`}`,
      { firstBadSeq: next, intactRows: next - 1, cause: error },
    );
  }
}

function withBody({ seq, atUs, kind, bodyHash, hash }: StoredRow, body: string | Uint8Array): JournalRow {
  return { seq, atUs, kind, body, bodyHash, hash };
}

/** Place of a row, and when it was written. */
type RowPlace = { readonly seq: number; readonly atUs: number };

/** Last row of a journal; undefined when it has none. @throws {InvalidInputError} When the file is missing or no journal. */
export function lastRow(path: string): RowPlace | undefined {
  const database = openToRead(path);
  try {
    return lastRowOf(path, database);
  } finally {
    database.close();
  }
}

/** As `lastRow`, of a journal that is open. */
export function lastRowOf(path: string, database: Database.Database): RowPlace | undefined {
  if (isEmptyDatabase(database)) return undefined;
  const sql = "SELECT seq, CAST(at_us AS INTEGER) AS atUs FROM events ORDER BY seq DESC LIMIT 1";
  return opened(path, () => database.prepare(sql).get() as RowPlace | undefined);
}

/** Kinds of the rows of a journal, each once. @throws {InvalidInputError} When the file is missing or no journal. */
export function rowKinds(path: string): readonly string[] {
  const database = openToRead(path);
  try {
    if (isEmptyDatabase(database)) return [];
    const sql = "SELECT DISTINCT CAST(kind AS BLOB) AS kind FROM events";
    const rows = opened(path, () => database.prepare(sql).all() as { readonly kind: ArrayBuffer }[]);
    return rows.map(({ kind }) => Buffer.from(kind).toString());
  } finally {
    database.close();
  }
}

/** Where the file of a segment is: paths are kept relative to the journal's folder, so that a run can be moved as a whole. */
export function segmentPath(journalPath: string, file: string): string {
  return resolve(dirname(journalPath), file);
}

/** Bodies of rows that lie in segments. The rows of one journal alternate between few segments: the last two are kept. */
export class SegmentBodies {
  readonly #path: string;
  readonly #entries: ReadonlyMap<number, SegmentEntry>;
  readonly #loaded = new Map<number, ReadonlyMap<number, string | Uint8Array>>();

  constructor(path: string, entries: readonly SegmentEntry[]) {
    this.#path = path;
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]));
  }

  /** @throws {JournalSegmentError} When the segment is missing or damaged, or does not hold what the row says. */
  async of({ seq, kind, segment, bodyHash }: StoredRow): Promise<string | Uint8Array> {
    const body = (await this.#load(seq, segment ?? 0)).get(seq);
    if (body === undefined || hashBody(body) !== bodyHash)
      throw new JournalSegmentError(
        `segment ${segment} of ${this.#path} does not hold the body of event ${seq} (${kind}): restore its file from a copy`,
      );
    return body;
  }

  async #load(seq: number, id: number): Promise<ReadonlyMap<number, string | Uint8Array>> {
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) return loaded;
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new JournalSegmentError(
        `event ${seq} of ${this.#path} names segment ${id}, which the journal does not list`,
      );
    const bodies = await loadSegment(this.#path, entry);
    for (const [oldest] of this.#loaded) if (this.#loaded.size > 1) this.#loaded.delete(oldest);
    this.#loaded.set(id, bodies);
    return bodies;
  }
}

/** @throws {JournalSegmentError} When the file is missing, or not as it was written. */
export async function loadSegment(
  journalPath: string,
  { id, file, fileHash }: SegmentEntry,
): Promise<ReadonlyMap<number, string | Uint8Array>> {
  const path = segmentPath(journalPath, file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new JournalSegmentError(
      `segment ${id} of ${journalPath} cannot be read (${(error as Error).message}): restore ${path} from a copy`,
      { cause: error },
    );
  }
  if (hashBody(bytes) !== fileHash)
    throw new JournalSegmentError(
      `segment ${id} of ${journalPath}, ${path}, is not as it was written: restore it from a copy`,
    );
  return unpackSegment(bytes);
}
