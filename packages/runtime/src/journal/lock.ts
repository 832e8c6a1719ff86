import { existsSync } from "node:fs";
import Database from "libsql";
import { isRunning } from "../session-file.ts";
import { JournalError, JournalLockedError } from "./errors.ts";
import { isBusy } from "./store.ts";

const COMMIT_WAIT_MS = 1000;

/**
 * Keeps a journal to one writing process: a write lock on a small SQLite file beside it, `JOURNAL.lock`, whose one row names the owner.
 *
 * The operating system drops the lock when its process ends, however it ends, so nothing stale is left to clean up; the file itself
 * stays, since removing one that another process is opening would let in two. Readers of the journal take no notice of it.
 */
export class JournalLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /**
   * @throws {JournalLockedError} When another process, or another part of this one, has it.
   * @throws {JournalError} When the lock file cannot be made or is no such file.
   */
  static take(journalPath: string): JournalLock {
    const path = `${journalPath}.lock`;
    let database: Database.Database | undefined;
    try {
      database = new Database(path);
      database.exec("BEGIN IMMEDIATE");
      // A reader of the owner's name can hold up the commit for a moment, but only that.
      database.exec(`PRAGMA busy_timeout = ${COMMIT_WAIT_MS}`);
      database.exec("CREATE TABLE IF NOT EXISTS owner (pid INTEGER NOT NULL) STRICT; DELETE FROM owner");
      database.prepare("INSERT INTO owner (pid) VALUES (?)").run(process.pid);
      database.exec("COMMIT; BEGIN IMMEDIATE"); // committed to be read; whoever gets in between is the owner then
      return new JournalLock(database);
    } catch (error) {
      const pid = database !== undefined && isBusy(error) ? ownerOf(database) : undefined;
      database?.close();
      if (isBusy(error)) throw locked(journalPath, pid);
      throw new JournalError(
        `the lock of the journal, ${path}, cannot be taken (${(error as Error).message}): make its folder writable, or remove the file when no run uses it`,
        { cause: error },
      );
    }
  }

  release(): void {
    this.#database.exec("ROLLBACK"); // a connection lives on after its close while a statement of its was not collected
    this.#database.close();
  }
}

/**
 * True while a process writes the journal: a session lives exactly as long, however it ends.
 *
 * The lock of one whose owner is gone is not touched: a session that goes on with the run may be about to take it.
 */
export function isLocked(journalPath: string): boolean {
  const path = `${journalPath}.lock`;
  if (!existsSync(path)) return false;
  let database: Database.Database | undefined;
  let pid: number | undefined;
  try {
    database = new Database(path);
    pid = ownerOf(database);
    if (pid !== undefined && !isRunning({ pid })) return false;
    database.exec("BEGIN IMMEDIATE");
    database.exec("ROLLBACK");
    return false;
  } catch (error) {
    return isBusy(error) || pid !== undefined; // the lock of another user's process cannot be tried, and the process is there
  } finally {
    database?.close();
  }
}

function ownerOf(database: Database.Database): number | undefined {
  try {
    return (database.prepare("SELECT pid FROM owner").get() as { readonly pid: number } | undefined)?.pid;
  } catch {
    return undefined; // it is just being written: the refusal stands without the number
  }
}

function locked(path: string, pid: number | undefined): JournalLockedError {
  const owner = pid === undefined ? "another process" : `process ${pid}`;
  return new JournalLockedError(
    `the journal ${path} is in use by ${owner}: wait until that run has ended, or end it; two must never write one journal`,
    { pid },
  );
}
