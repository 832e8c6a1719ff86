import { rmSync } from "node:fs";
import Database from "libsql";
import { chainHash, GENESIS, hashBody } from "./chain.ts";
import { JournalLockedError } from "./errors.ts";
import { JournalLock } from "./lock.ts";
import { isDamage, openToRead as openStored, SCHEMA_VERSION, versionOf } from "./store.ts";
import { hasTail, readTail, tailPath } from "./tail.ts";

/**
 * Takes what a killed process left in a journal's tail into the journal, whose lock must be held. Returns how many rows that were.
 *
 * @throws What SQLite does; nothing was taken over then.
 */
export function absorbTail(path: string, database: Database.Database): number {
  if (!hasTail(path)) return 0;
  const last = database.prepare("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").get() as
    | { readonly seq: number; readonly hash: string }
    | undefined;
  let hash = last?.hash ?? GENESIS;
  let rows = 0;
  const insert = database.prepare<unknown[]>(
    "INSERT INTO events (seq, at_us, kind, body, body_hash, hash) VALUES (?, ?, ?, ?, ?, ?)",
  );
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const { seq, atUs, kind, body } of readTail(path, last?.seq ?? 0)) {
      const bodyHash = hashBody(body);
      hash = chainHash(hash, { seq, atUs, kind, bodyHash });
      insert.run([seq, atUs, kind, body, bodyHash, hash]);
      rows++;
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
  return rows;
}

/**
 * As `openToRead` of the store, once what a killed process left in the journal's tail is in the journal. While a session writes it, its last
 * rows may be in its tail and are not read.
 *
 * @throws As that. @throws {JournalError} When there is such a rest, and its folder cannot be written.
 */
export function openToRead(path: string): Database.Database {
  if (hasTail(path)) absorbLeft(path);
  return openStored(path);
}

function absorbLeft(path: string): void {
  let lock: JournalLock;
  try {
    lock = JournalLock.take(path);
  } catch (error) {
    if (error instanceof JournalLockedError) return; // a session writes it, and will take them over
    throw error;
  }
  try {
    const database = new Database(path);
    try {
      if (versionOf(database) === SCHEMA_VERSION) {
        absorbTail(path, database);
        rmSync(tailPath(path));
      }
    } catch (error) {
      if (!isDamage(error)) throw error; // whoever reads it finds out where, and says so
    } finally {
      database.close();
    }
  } finally {
    lock.release();
  }
}
