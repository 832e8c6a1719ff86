import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Clock, InvalidInputError, PitlaneError } from "@pitlane/perf";
import Database from "libsql";
import { chainHash, GENESIS, type JournalRow } from "./chain.ts";

/** The journal could not be written: nothing that depends on it may go on. */
export class JournalError extends PitlaneError {
  readonly code = "JOURNAL";
  readonly retryable = false;
}

export interface JournalOptions {
  /** File to create; its folder is made when missing. */
  readonly path: string;
  readonly clock: Pick<Clock, "nowUs">;
}

const SCHEMA_VERSION = 1;

/**
 * The append-only event log of one run: an SQLite file whose rows form a hash chain.
 *
 * `append` only queues; `commit` writes everything queued in one transaction, so that several events share its cost. An event
 * is safe from a killed process once `commit` has returned (WAL mode, synchronous = NORMAL; a power cut may lose the last
 * commits but never tears the chain). Whoever sends an order commits its intent first.
 *
 * @example
 * const journal = new Journal({ path: "run/journal.db", clock });
 * journal.append("intent", { clientOrderId: "pl-1-0-1" });
 * journal.commit();
 * journal.close();
 */
export class Journal {
  readonly path: string;
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #database: Database.Database;
  readonly #insert: Database.Statement<[number, number, string, string, string]>;
  readonly #begin: Database.Statement<[]>;
  readonly #end: Database.Statement<[]>;
  #queued: JournalRow[] = [];
  #seq = 0;
  #headHash: string = GENESIS;

  /** @throws {InvalidInputError} When the file exists already or cannot be created. */
  constructor({ path, clock }: JournalOptions) {
    this.path = path;
    this.#clock = clock;
    createFile(path);
    this.#database = new Database(path);
    this.#database.pragma("journal_mode = WAL");
    this.#database.pragma("synchronous = NORMAL");
    this.#database.exec(
      `PRAGMA user_version = ${SCHEMA_VERSION};
       CREATE TABLE events (
         seq INTEGER PRIMARY KEY,
         at_us INTEGER NOT NULL,
         kind TEXT NOT NULL,
         body TEXT NOT NULL,
         hash TEXT NOT NULL
       ) STRICT;
       CREATE INDEX events_by_kind ON events (kind, at_us);`,
    );
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#end = this.#database.prepare("COMMIT");
    this.#insert = this.#database.prepare("INSERT INTO events (seq, at_us, kind, body, hash) VALUES (?, ?, ?, ?, ?)");
  }

  /** Events appended so far. */
  get events(): number {
    return this.#seq;
  }

  /** Hash of the last committed event, in hex. */
  get headHash(): string {
    return this.#headHash;
  }

  /** Queues an event for the next commit. `body` must survive JSON; bigint becomes decimal text. */
  append(kind: string, body: object): void {
    this.#queued.push({
      seq: ++this.#seq,
      atUs: this.#clock.nowUs(),
      kind,
      body: JSON.stringify(body, (_, value) => (typeof value === "bigint" ? value.toString() : value)),
    });
  }

  /** Writes what is queued. @throws {JournalError} When the file cannot be written; the queue is kept. */
  commit(): void {
    const rows = this.#queued;
    if (rows.length === 0) return;
    let hash = this.#headHash;
    try {
      if (rows.length > 1) this.#begin.run();
      for (const row of rows) {
        hash = chainHash(hash, row);
        this.#insert.run(row.seq, row.atUs, row.kind, row.body, hash);
      }
      if (rows.length > 1) this.#end.run();
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw new JournalError(`cannot write the journal ${this.path}: ${(error as Error).message}`, { cause: error });
    }
    this.#headHash = hash;
    this.#queued = [];
  }

  /** Bytes on disk, write-ahead log included. */
  get bytes(): number {
    return [this.path, `${this.path}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
  }

  /** Commits, folds the write-ahead log into the file and closes it. */
  close(): void {
    try {
      this.commit();
      this.#database.pragma("wal_checkpoint(TRUNCATE)");
    } finally {
      this.#database.close();
    }
  }
}

function createFile(path: string): void {
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
