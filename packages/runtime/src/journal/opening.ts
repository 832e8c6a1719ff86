import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import Database from "libsql";
import { absorbTail } from "./absorb.ts";
import { type ChainCheck, checkChain } from "./check.ts";
import { JournalCorruptError, JournalVersionError } from "./errors.ts";
import { JournalLock } from "./lock.ts";
import { createTables, isDamage, isEmptyDatabase, newer, SCHEMA_VERSION, versionOf } from "./store.ts";

/** Makes the empty file of a new journal, and its folder. @throws {InvalidInputError} When it exists already or cannot be created. */
export function createFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, "wx"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw new InvalidInputError(
        `the journal ${path} exists already: a run starts a new one, so name another file or move it away`,
      );
    }
    throw new InvalidInputError(
      `the journal ${path} cannot be created (${message}): choose a folder that can be written`,
    );
  }
}

/** Runs `open` under the lock of a journal, which a failure lets go. @throws {JournalLockedError} When another process has it. */
export function underLock<T>(path: string, open: (lock: JournalLock) => T): T {
  const lock = JournalLock.take(path);
  try {
    return open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Runs `use` with the database of a journal, which a failure closes. */
export function withDatabase<T>(path: string, use: (database: Database.Database) => T): T {
  const database = new Database(path);
  try {
    database.pragma("journal_mode = WAL");
    return use(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Follows the whole chain of a journal that is to be written on, and takes over what its last writer had secured.
 *
 * @throws {JournalCorruptError} When a row is damaged, changed or missing; it names the first.
 * @throws {JournalVersionError} When another version of Pitlane wrote it.
 */
export function checkResumable(path: string, database: Database.Database): ChainCheck {
  checkVersion(path, database);
  if (isEmptyDatabase(database)) createTables(database);
  const before = checkWhole(path, database);
  return absorbTail(path, database) === 0 ? before : checkWhole(path, database);
}

function checkVersion(path: string, database: Database.Database): void {
  const version = versionOf(database);
  if (version > SCHEMA_VERSION) throw newer(path, version);
  if (version !== SCHEMA_VERSION && !isEmptyDatabase(database))
    throw new JournalVersionError(
      `the journal ${path} has version ${version}, runs are resumed on version ${SCHEMA_VERSION}: it can still be verified, shown and exported; start a new run`,
      { version },
    );
}

function checkWhole(path: string, database: Database.Database) {
  const found = checkChain(database);
  if (found.fault !== undefined)
    throw new JournalCorruptError(
      `the journal ${path} cannot be resumed: ${found.fault}. Keep the file; ${found.events === 0 ? "no event before that could be saved" : `${exportCommand(path, found.events)} saves the ${found.events} events before`}; ask the venue for the open orders and start a new run`,
      { firstBadSeq: found.events + 1, intactRows: found.events },
    );
  // The rows can be whole and the tree around them not: what is written next could then fall on them.
  const problem = structureProblem(database);
  if (problem !== undefined)
    throw new JournalCorruptError(
      `the journal ${path} cannot be resumed: its ${found.events} events are intact, the file around them is not (${problem}). Keep the file; ${exportCommand(path)} saves all events; start a new run`,
      { firstBadSeq: undefined, intactRows: found.events },
    );
  return found;
}

/** As it can be typed. */
function exportCommand(path: string, untilSeq?: number): string {
  const file = /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  const until = untilSeq === undefined ? "" : ` --until ${untilSeq}`;
  return `"pitlane journal export ${file}${until} --format jsonl --out saved.jsonl"`;
}

function structureProblem(database: Database.Database): string | undefined {
  try {
    const { quick_check: verdict } = database.prepare("PRAGMA quick_check(1)").get() as {
      readonly quick_check: string;
    };
    return verdict === "ok" ? undefined : verdict;
  } catch (error) {
    if (isDamage(error)) return (error as Error).message;
    throw error;
  }
}
