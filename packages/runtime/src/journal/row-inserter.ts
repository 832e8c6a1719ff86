import type Database from "libsql";
import { chainHash, hashBody } from "./chain.ts";
import type { TailRow } from "./tail.ts";

const MOST_PER_STATEMENT = 16;

/**
 * Writes rows into a journal's table, each with the hash that chains it to the one before.
 *
 * A call into SQLite costs as much as the row itself: an order's two rows, inputs and intent, go in with one instead of four.
 */
export class RowInserter {
  readonly #database: Database.Database;
  /** By the number of rows they insert. */
  readonly #inserts: (Database.Statement<unknown[]> | undefined)[] = [];
  readonly #begin: Database.Statement<[]>;
  readonly #end: Database.Statement<[]>;

  constructor(database: Database.Database) {
    this.#database = database;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#end = database.prepare("COMMIT");
  }

  /**
   * Writes all in one transaction, or none.
   *
   * @param headHash Of the row before the first.
   * @returns The hash of the last.
   * @throws What SQLite throws.
   */
  insert(rows: readonly TailRow[], headHash: string): string {
    let hash = headHash;
    const inOne = rows.length <= MOST_PER_STATEMENT;
    try {
      if (!inOne) this.#begin.run();
      for (let from = 0; from < rows.length; from += MOST_PER_STATEMENT) {
        const until = Math.min(from + MOST_PER_STATEMENT, rows.length);
        const values: (number | string | Uint8Array)[] = [];
        for (let i = from; i < until; i++) {
          const { seq, atUs, kind, body } = rows[i]!;
          const bodyHash = hashBody(body);
          hash = chainHash(hash, { seq, atUs, kind, bodyHash });
          values.push(seq, atUs, kind, body, bodyHash, hash);
        }
        this.#insertOf(until - from).run(values);
      }
      if (!inOne) this.#end.run();
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
    return hash;
  }

  #insertOf(rows: number): Database.Statement<unknown[]> {
    const known = this.#inserts[rows];
    if (known !== undefined) return known;
    const values = Array.from({ length: rows }, () => "(?, ?, ?, ?, ?, ?)").join(", ");
    const statement = this.#database.prepare<unknown[]>(
      `INSERT INTO events (seq, at_us, kind, body, body_hash, hash) VALUES ${values}`,
    );
    this.#inserts[rows] = statement;
    return statement;
  }
}
