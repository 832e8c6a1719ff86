import type Database from "libsql";
import Background from "libsql/promise";

const EVERY_BYTES = 4 * 1024 * 1024;
const PAGES_LEFT_TO_SQLITE = 16_384; // 64 MiB: where this one cannot keep up
const SQLITES_OWN_PAGES = 1000;
const PAUSE_MS = 5;
const TRIES = 200;

/**
 * Folds a journal's write-ahead log into its file, on a thread of SQLite's own while this one goes on. SQLite itself does it inside the commit
 * that makes the log a thousand pages long, and its two syncs hold that commit up for as long as the disk takes: milliseconds, in which
 * no tick is heard.
 *
 * The log begins anew with the first commit after its last page was folded in: who waits with its commits while `isUnderWay` keeps
 * the log short. One that grows to 64 MiB all the same is folded in by SQLite, and so is every one after a fold that failed.
 */
export class Checkpoints {
  readonly #path: string;
  readonly #database: Database.Database;
  #background: Background | undefined; // made by the first: most journals stay shorter than that
  #bytes = 0; // written since the last one began
  #isUnderWay = false;
  #hasFailed = false;
  #isClosed = false;

  /** @param database Writes the journal, in WAL mode. */
  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
    database.pragma(`wal_autocheckpoint = ${PAGES_LEFT_TO_SQLITE}`);
  }

  /** A fold is under way: what is committed now keeps the log from beginning anew. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** So many bytes of rows were committed: begins a fold when it is time for one. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < EVERY_BYTES || this.#isUnderWay || this.#hasFailed) return;
    this.#bytes = 0;
    void this.#fold();
  }

  /** Folds in all there is, for an orderly end. Waits up to a second for a fold that is under way. */
  finish(): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    // A fold under way lets no other in, and SQLite does not wait for it.
    for (let tries = 1; this.#isKeptOut() && tries < TRIES; tries++) Atomics.wait(pause, 0, 0, PAUSE_MS);
  }

  /** Lets the file go: a fold that is under way does so when it is over. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isUnderWay) this.#background?.close();
  }

  async #fold(): Promise<void> {
    this.#isUnderWay = true;
    try {
      this.#background ??= new Background(this.#path, {});
      await this.#background.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // The commits of the journal are whole without it. Whatever keeps this thread from the file, SQLite meets and tells in a commit.
      this.#hasFailed = true;
      if (!this.#isClosed) this.#database.pragma(`wal_autocheckpoint = ${SQLITES_OWN_PAGES}`);
    } finally {
      this.#isUnderWay = false;
      if (this.#isClosed) this.#background?.close();
    }
  }

  /** Folds in what there is; true when a fold that is under way did not let it. */
  #isKeptOut(): boolean {
    const [result] = this.#database.pragma("wal_checkpoint(TRUNCATE)") as [{ readonly busy: number }];
    return result.busy !== 0 && this.#isUnderWay;
  }
}
