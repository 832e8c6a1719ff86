import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type Clock, InvalidInputError, integerInRange } from "@pitlane/perf";
import Database from "libsql";
import { openToRead } from "./absorb.ts";
import { hashBody } from "./chain.ts";
import { checkChain } from "./check.ts";
import { JournalError, JournalLockedError } from "./errors.ts";
import { JournalLock } from "./lock.ts";
import { lastRow, loadSegment, segmentPath } from "./read.ts";
import { packBodies, type SegmentBody, type SegmentStats, segmentStats } from "./segments.ts";
import { opened, SCHEMA_VERSION, type SegmentContent, segmentsOf, storedRows, versionOf } from "./store.ts";

const DAY_MS = 24 * 3_600_000;
const BATCH_BYTES = 8 * 1024 * 1024;
const ROW_BYTES = 180; // of a row without its body: two hashes in hex, time, kind
const SPARE_BYTES = 32 * 1024; // the tables themselves

export interface ArchiveOptions {
  /** Folder of the runs: each a folder with a `journal.db`. */
  readonly runs: string;
  /** Where archived segments go, a folder a run. */
  readonly archive: string;
  readonly clock: Pick<Clock, "nowUs">;
  /** Age of a run's last event from which its inputs are compressed. 7 days unless told. */
  readonly compressAfterMs?: number | undefined;
  /** Age from which all its bodies are, and go to the archive. 30 days unless told. */
  readonly archiveAfterMs?: number | undefined;
  /** Rows that move at a time, 1 to 100,000; 1,000 unless told. A batch ends at 8 MiB too. */
  readonly batchRows?: number | undefined;
  /** Says what would be done and touches nothing. */
  readonly dryRun?: boolean | undefined;
  /** Hears of each step before it is taken; what it throws ends the work there, which leaves everything readable. */
  readonly onStep?: ((step: ArchiveStep, journal: string) => void) | undefined;
}

/** `write` a segment, `check` it by reading it again, `move` its rows out, `shrink` the file, `copy` a segment to the archive, `repoint` to the copy, `remove` the original. */
export type ArchiveStep = "write" | "check" | "move" | "shrink" | "copy" | "repoint" | "remove";

/** What became of one run. */
export interface RunArchive {
  readonly journal: string;
  readonly action: "kept" | "compressed" | "archived" | "skipped";
  /** Why it was skipped. */
  readonly reason: string | undefined;
  /** Rows whose bodies moved, or would move. */
  readonly rows: number;
  readonly stats: SegmentStats;
}

export interface ArchiveReport {
  readonly runs: readonly RunArchive[];
  readonly stats: SegmentStats;
}

/** What is to be done with a run whose last event is `ageMs` old. Pure. */
export function archiveActionFor(
  ageMs: number,
  { compressAfterMs, archiveAfterMs }: { readonly compressAfterMs: number; readonly archiveAfterMs: number },
): "keep" | "compress" | "archive" {
  if (ageMs >= archiveAfterMs) return "archive";
  return ageMs >= compressAfterMs ? "compress" : "keep";
}

/**
 * The next time the archive is due after `nowUs`, in microseconds since the epoch. Pure.
 *
 * @param hour Hour of the day, 0 to 23; 2 unless told.
 * @param utcOffsetMinutes Of the clock on the wall that `hour` is of, east positive; UTC unless told.
 */
export function nextArchiveUs(nowUs: number, hour = 2, utcOffsetMinutes = 0): number {
  integerInRange("hour", hour, 0, 23);
  integerInRange("utcOffsetMinutes", utcOffsetMinutes, -14 * 60, 14 * 60);
  const dayUs = DAY_MS * 1000;
  const offsetUs = (hour * 60 - utcOffsetMinutes) * 60_000_000;
  return (Math.floor((nowUs - offsetUs) / dayUs) + 1) * dayUs + offsetUs;
}

/**
 * Moves bodies of old runs' rows into compressed segments; the rows, their hashes and so the chain stay where they are.
 *
 * Nothing is taken out of a journal before the segment it went to was written, read again and compared hash by hash, and no segment is
 * removed before its copy was. Whenever it is interrupted, every body can be read from where the journal says, and the next time it
 * goes on. A run that is being written, or whose chain does not hold, is left alone and reported.
 *
 * @throws {InvalidInputError} When an option is out of range or the folder of runs is missing.
 */
export async function archiveRuns(options: ArchiveOptions): Promise<ArchiveReport> {
  const compressAfterMs = options.compressAfterMs ?? 7 * DAY_MS;
  const archiveAfterMs = options.archiveAfterMs ?? 30 * DAY_MS;
  const batchRows = integerInRange("batchRows", options.batchRows ?? 1000, 1, 100_000);
  if (archiveAfterMs < compressAfterMs)
    throw new InvalidInputError("runs are archived after they were compressed: make archiveAfterMs the larger one");
  const runs: RunArchive[] = [];
  for (const journal of journalsIn(options.runs)) {
    const run: RunArchive = { journal, action: "skipped", reason: undefined, rows: 0, stats: segmentStats(0, 0) };
    try {
      const action = archiveActionFor(ageMsOf(journal, options.clock), { compressAfterMs, archiveAfterMs });
      if (action === "keep") runs.push({ ...run, action: "kept" });
      else if (options.dryRun === true) runs.push({ ...run, ...planned(journal, action) });
      else runs.push({ ...run, ...(await new RunArchiver(journal, options, batchRows).run(action)) });
    } catch (error) {
      if (!(error instanceof JournalError || error instanceof InvalidInputError)) throw error;
      const reason = error instanceof JournalLockedError ? "it is being written" : error.message;
      runs.push({ ...run, reason });
    }
  }
  const sum = (of: (stats: SegmentStats) => number) => runs.reduce((total, { stats }) => total + of(stats), 0);
  return {
    runs,
    stats: segmentStats(
      sum(({ rawBytes }) => rawBytes),
      sum(({ storedBytes }) => storedBytes),
    ),
  };
}

function journalsIn(runs: string): string[] {
  if (!existsSync(runs)) throw new InvalidInputError(`there is no folder of runs at ${runs}: name one with --runs`);
  return readdirSync(runs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(runs, name, "journal.db"))
    .filter((path) => existsSync(path))
    .sort();
}

function ageMsOf(journal: string, clock: Pick<Clock, "nowUs">): number {
  const last = lastRow(journal);
  return last === undefined ? 0 : (clock.nowUs() - last.atUs) / 1000;
}

function planned(journal: string, action: "compress" | "archive"): Pick<RunArchive, "action" | "rows" | "stats"> {
  const database = openToRead(journal);
  try {
    let rows = 0;
    let rawBytes = 0;
    for (const { kind, body } of storedRows(database, 1, Number.MAX_SAFE_INTEGER)) {
      if (body === undefined || (action === "compress" && kind !== "inputs")) continue;
      rows++;
      rawBytes += Buffer.byteLength(body);
    }
    return { action: action === "compress" ? "compressed" : "archived", rows, stats: segmentStats(rawBytes, 0) };
  } finally {
    database.close();
  }
}

class RunArchiver {
  readonly #path: string;
  readonly #options: ArchiveOptions;
  readonly #batchRows: number;
  #rows = 0;
  #rawBytes = 0;
  #storedBytes = 0;

  constructor(path: string, options: ArchiveOptions, batchRows: number) {
    this.#path = path;
    this.#options = options;
    this.#batchRows = batchRows;
  }

  async run(action: "compress" | "archive"): Promise<Pick<RunArchive, "action" | "rows" | "stats">> {
    const lock = JournalLock.take(this.#path);
    try {
      const database = opened(this.#path, () => this.#open());
      try {
        await this.#moveBodies(database, action === "archive" ? "all" : "inputs");
        this.#shrink(database);
        if (action === "archive") this.#moveSegments(database);
        this.#removeStrays(database);
      } finally {
        database.close();
      }
    } finally {
      lock.release();
    }
    const stats = segmentStats(this.#rawBytes, this.#storedBytes);
    return { action: action === "compress" ? "compressed" : "archived", rows: this.#rows, stats };
  }

  #open(): Database.Database {
    const database = new Database(this.#path);
    const version = versionOf(database);
    const fault = version === SCHEMA_VERSION ? checkChain(database).fault : `it has version ${version}`;
    if (fault === undefined) return database;
    database.close();
    throw new JournalError(`it is left as it is: ${fault}`);
  }

  async #moveBodies(database: Database.Database, content: SegmentContent): Promise<void> {
    let batch: SegmentBody[] = [];
    let bytes = 0;
    for (const { seq, kind, body, bodyHash } of storedRows(database, 1, Number.MAX_SAFE_INTEGER)) {
      if (body === undefined || (content === "inputs" && kind !== "inputs")) continue;
      batch.push({ seq, kind, body, bodyHash });
      bytes += Buffer.byteLength(body);
      if (batch.length < this.#batchRows && bytes < BATCH_BYTES) continue;
      await this.#moveBatch(database, batch, bytes, content);
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) await this.#moveBatch(database, batch, bytes, content);
  }

  async #moveBatch(
    database: Database.Database,
    batch: readonly SegmentBody[],
    rawBytes: number,
    content: SegmentContent,
  ): Promise<void> {
    const firstSeq = batch[0]!.seq;
    const lastSeq = batch.at(-1)!.seq;
    // The same rows make the same name: what an interruption left is written over.
    const file = join("segments", `${content}-${firstSeq}-${lastSeq}.parquet`);
    const path = segmentPath(this.#path, file);
    const bytes = packBodies(batch);
    this.#step("write");
    mkdirSync(dirname(path), { recursive: true });
    writeWhole(path, bytes);
    this.#step("check");
    const entry = { firstSeq, lastSeq, rows: batch.length, content, file, fileHash: hashBody(bytes), rawBytes };
    const stored = { ...entry, id: 0, storedBytes: bytes.length };
    const bodies = await loadSegment(this.#path, stored);
    for (const { seq, bodyHash } of batch) {
      const body = bodies.get(seq);
      if (body === undefined || hashBody(body) !== bodyHash)
        throw new JournalError(`the segment ${path} does not give back event ${seq}: nothing was taken out`);
    }
    this.#step("move");
    database.exec("BEGIN IMMEDIATE");
    try {
      const { lastInsertRowid } = database
        .prepare(
          `INSERT INTO segments (first_seq, last_seq, rows, content, file, file_hash, raw_bytes, stored_bytes)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(firstSeq, lastSeq, batch.length, content, file, stored.fileHash, rawBytes, bytes.length);
      const move = database.prepare("UPDATE events SET body = NULL, segment = ? WHERE seq = ?");
      for (const { seq } of batch) move.run(Number(lastInsertRowid), seq);
      database.exec("COMMIT");
    } catch (error) {
      if (database.inTransaction) database.exec("ROLLBACK");
      throw error;
    }
    this.#rows += batch.length;
    this.#rawBytes += rawBytes;
    this.#storedBytes += bytes.length;
  }

  /** Gives the room of bodies that moved back to the disk. By the size of what is left, so that an interrupted pass is made up for. */
  #shrink(database: Database.Database): void {
    const { bytes } = database.prepare("SELECT total(length(CAST(body AS BLOB))) AS bytes FROM events").get() as {
      readonly bytes: number;
    };
    const { rows } = database.prepare("SELECT count(*) AS rows FROM events").get() as { readonly rows: number };
    if (statSync(this.#path).size < (bytes + rows * ROW_BYTES) * 1.5 + SPARE_BYTES) return;
    this.#step("shrink");
    database.exec("VACUUM");
    database.pragma("wal_checkpoint(TRUNCATE)");
  }

  /** Takes segments from beside the journal to the archive. */
  #moveSegments(database: Database.Database): void {
    const folder = join(this.#options.archive, basename(dirname(this.#path)));
    for (const entry of segmentsOf(database)) {
      const from = segmentPath(this.#path, entry.file);
      const to = join(folder, basename(entry.file));
      if (from === to || !existsSync(from)) continue;
      this.#step("copy");
      mkdirSync(folder, { recursive: true });
      copyWhole(from, to);
      if (hashBody(readFileSync(to)) !== entry.fileHash)
        throw new JournalError(`the copy ${to} is not what ${from} should be: both were kept`);
      this.#step("repoint");
      database.prepare("UPDATE segments SET file = ? WHERE id = ?").run(relative(dirname(this.#path), to), entry.id);
    }
    database.pragma("wal_checkpoint(TRUNCATE)");
  }

  /** Segment files beside the journal that it does not name (any more): copies that went to the archive, what an interruption left. */
  #removeStrays(database: Database.Database): void {
    const folder = segmentPath(this.#path, "segments");
    if (!existsSync(folder)) return;
    const named = new Set(segmentsOf(database).map(({ file }) => segmentPath(this.#path, file)));
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (named.has(path)) continue;
      this.#step("remove");
      rmSync(path);
    }
    if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
  }

  #step(step: ArchiveStep): void {
    this.#options.onStep?.(step, this.#path);
  }
}

/** Writes a file that is there whole, on disk, or not at all. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const partial = `${path}.partial`;
  const file = openSync(partial, "w");
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, path);
  syncFolder(dirname(path));
}

function copyWhole(from: string, to: string): void {
  const partial = `${to}.partial`;
  copyFileSync(from, partial);
  const file = openSync(partial, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, to);
  syncFolder(dirname(to));
}

/** Makes a rename survive a power cut. Windows has no such call, and keeps renames in its own log. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
