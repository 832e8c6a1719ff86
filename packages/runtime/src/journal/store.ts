import { existsSync } from "node:fs";
import { InvalidInputError } from "@pitlane/perf";
import Database from "libsql";
import { chainHash, hashBody, type JournalRow } from "./chain.ts";
import { JournalCorruptError, JournalError, JournalVersionError } from "./errors.ts";

/** Version of the tables, kept in the file as `user_version`. 1 had the body itself in the chain and no `body_hash`. */
export const SCHEMA_VERSION = 2;

const TABLES = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body ANY,
    body_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    segment INTEGER
  ) STRICT;
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    content TEXT NOT NULL,
    file TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    raw_bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** What went wrong in SQLite, without its class: that differs between the ways of calling it. */
interface SqliteFailure extends Error {
  readonly code?: string;
}

/** Makes the tables, all or none: a process killed here leaves an empty file, which `resume` takes for a journal without rows. */
export function createTables(database: Database.Database): void {
  database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT;`);
}

/** True for an SQLite file in which nothing was made yet. */
export function isEmptyDatabase(database: Database.Database): boolean {
  if (versionOf(database) !== 0) return false;
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    readonly tables: number;
  };
  return tables === 0;
}

export function versionOf(database: Database.Database): number {
  return (database.prepare("PRAGMA user_version").get() as { readonly user_version: number }).user_version;
}

/** True when SQLite says that the file itself is damaged. */
export function isDamage(error: unknown): boolean {
  const { code } = error as SqliteFailure;
  return code !== undefined && (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB"));
}

/** True when another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  return (error as SqliteFailure).code?.startsWith("SQLITE_BUSY") === true;
}

/**
 * Opens a journal to read it. A session may be writing it; on a medium that cannot be written a journal that was closed opens as well.
 *
 * @throws {InvalidInputError} When the file is missing or is no journal.
 * @throws {JournalCorruptError} When its first page is damaged.
 * @throws {JournalVersionError} When a newer version of Pitlane wrote it.
 */
export function openToRead(path: string): Database.Database {
  if (!existsSync(path))
    throw new InvalidInputError(`there is no journal at ${path}: check the path a run's report names`);
  return opened(path, () => {
    const database = connect(path);
    try {
      database.exec("PRAGMA query_only = 1");
      checkTables(path, database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Runs `open`, its failures in our words. */
export function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof JournalError || error instanceof InvalidInputError) throw error;
    if ((error as SqliteFailure).code?.startsWith("SQLITE_CORRUPT"))
      throw new JournalCorruptError(
        `the journal ${path} is damaged from its first page on (${(error as Error).message}): keep the file, restore it from a copy, or start a new run`,
        { firstBadSeq: 1, intactRows: 0, cause: error },
      );
    throw new InvalidInputError(
      `${path} cannot be read as a journal (${(error as Error).message}): is it the file a run's report names?`,
      { cause: error },
    );
  }
}

function checkTables(path: string, database: Database.Database): void {
  const version = versionOf(database);
  if (version > SCHEMA_VERSION) throw newer(path, version);
  const hasEvents = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'events'").get();
  if (hasEvents === undefined && !isEmptyDatabase(database))
    throw new InvalidInputError(`${path} is a database but no journal: is it the file a run's report names?`);
}

export function newer(path: string, version: number): JournalVersionError {
  return new JournalVersionError(
    `the journal ${path} has version ${version}, this Pitlane reads up to ${SCHEMA_VERSION}: use the version that wrote it`,
    { version },
  );
}

function connect(path: string): Database.Database {
  try {
    const database = new Database(path);
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return database;
  } catch (error) {
    if (!isUnwritable(error) || existsSync(`${path}-wal`)) throw error;
    // WAL mode wants files beside it. Where none can be made nobody can be writing either.
    return new Database(`file:${encodeURI(path).replaceAll("?", "%3f").replaceAll("#", "%23")}?mode=ro&immutable=1`);
  }
}

function isUnwritable(error: unknown): boolean {
  const { code, message } = error as SqliteFailure;
  return code === "SQLITE_CANTOPEN" || code?.startsWith("SQLITE_READONLY") === true || / 14"?\)$/.test(message);
}

/** A row as it is stored; the body is undefined when it lies in segment `segment`. */
export interface StoredRow extends Omit<JournalRow, "body"> {
  readonly body: string | Uint8Array | undefined;
  readonly segment: number | undefined;
}

export type SegmentContent = "inputs" | "all";

/** Rows that lie in a segment. */
export interface SegmentEntry {
  readonly id: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly rows: number;
  /** Kinds of rows whose bodies it has: `inputs` only, or `all`. */
  readonly content: SegmentContent;
  /** Relative to the journal's folder, or absolute. */
  readonly file: string;
  /** SHA-256 of the file, in hex. */
  readonly fileHash: string;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

export function segmentsOf(database: Database.Database): SegmentEntry[] {
  if (versionOf(database) < 2) return [];
  const rows = database
    .prepare(
      `SELECT id, CAST(first_seq AS INTEGER) AS firstSeq, CAST(last_seq AS INTEGER) AS lastSeq, CAST(rows AS INTEGER) AS rows,
         CAST(content AS BLOB) AS content, CAST(file AS BLOB) AS file, CAST(file_hash AS BLOB) AS fileHash,
         CAST(raw_bytes AS INTEGER) AS rawBytes, CAST(stored_bytes AS INTEGER) AS storedBytes
       FROM segments ORDER BY first_seq, id`,
    )
    .all() as RawSegment[];
  return rows.map((row) => ({
    ...row,
    content: toText(row.content) as SegmentEntry["content"],
    file: toText(row.file),
    fileHash: toText(row.fileHash),
  }));
}

interface RawSegment extends Omit<SegmentEntry, "content" | "file" | "fileHash"> {
  readonly content: ArrayBuffer;
  readonly file: ArrayBuffer;
  readonly fileHash: ArrayBuffer;
}

interface RawRow {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: ArrayBuffer;
  readonly body: ArrayBuffer | null;
  readonly isText: number;
  readonly bodyHash: ArrayBuffer;
  readonly hash: ArrayBuffer;
  readonly segment: number | null;
}

const BATCH = 256;

// All as what it must be, and text as bytes: where a damaged page makes text of what is no UTF-8, libsql ends the process.
const COLUMNS = `seq, CAST(at_us AS INTEGER) AS atUs, CAST(kind AS BLOB) AS kind, CAST(body AS BLOB) AS body,
  typeof(body) = 'text' AS isText, CAST(hash AS BLOB) AS hash`;
const SINCE_2 = "CAST(body_hash AS BLOB) AS bodyHash, CAST(segment AS INTEGER) AS segment";
const BEFORE_2 = "x'' AS bodyHash, NULL AS segment";

/**
 * Stored rows from `fromSeq` to `untilSeq`, in order. They are read in batches, each a look of its own, so that a session which writes
 * meanwhile is neither held up nor keeps its write-ahead log for us. Where a page is damaged, the rows before it still come.
 */
export function* storedRows(database: Database.Database, fromSeq: number, untilSeq: number): Generator<StoredRow> {
  if (isEmptyDatabase(database)) return;
  const version = versionOf(database);
  const select = database.prepare(
    `SELECT ${COLUMNS}, ${version === 1 ? BEFORE_2 : SINCE_2} FROM events WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?`,
  );
  let next = fromSeq;
  let batch = BATCH;
  while (next <= untilSeq) {
    let rows: RawRow[];
    try {
      rows = select.all(next, untilSeq, batch) as RawRow[];
    } catch (error) {
      if (!isDamage(error) || batch === 1) throw error;
      batch = 1; // so that it is known which row it is
      continue;
    }
    for (const row of rows) yield toStored(row, version);
    const last = rows.at(-1);
    if (last === undefined) return;
    next = last.seq + 1;
  }
}

function toStored({ seq, atUs, kind, body, isText, bodyHash, hash, segment }: RawRow, version: number): StoredRow {
  const bytes = body === null ? undefined : new Uint8Array(body);
  return {
    seq,
    atUs,
    kind: toText(kind),
    body: isText === 1 && body !== null ? toText(body) : bytes,
    bodyHash: version === 1 && bytes !== undefined ? hashBody(bytes) : toText(bodyHash),
    hash: toText(hash),
    segment: segment ?? undefined,
  };
}

function toText(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString();
}

/** Hash a row must have after `previous`; in version 1 the body itself was in it. */
export function expectedHash(version: number, previous: string, row: StoredRow): string {
  if (version >= 2) return chainHash(previous, row);
  return hashBody(`${previous}\n${row.seq}\n${row.atUs}\n${row.kind}\n${row.body}`);
}
