import type Database from "libsql";
import { openToRead } from "./absorb.ts";
import type { JournalRow } from "./chain.ts";
import { lastRowOf, type RowRange, rowsWithSegments } from "./read.ts";

/**
 * Reads what comes to a journal, again and again: it stays open between the looks. To open one anew costs a hundred times as much as to
 * ask for its last row, and memory that is given back late.
 *
 * Between calls it holds no transaction, so that whoever writes the journal is not held up.
 *
 * @example
 * const follower = new JournalFollower("run/journal.db");
 * const last = follower.lastSeq();
 * for await (const row of follower.rows({ fromSeq: seen + 1, untilSeq: last })) show(row);
 * follower.close();
 */
export class JournalFollower {
  readonly #path: string;
  readonly #database: Database.Database;

  /** @throws {InvalidInputError} When the file is missing or no journal. */
  constructor(path: string) {
    this.#path = path;
    this.#database = openToRead(path);
  }

  /** Number of the last row that was committed; 0 when there is none. */
  lastSeq(): number {
    return lastRowOf(this.#path, this.#database)?.seq ?? 0;
  }

  /** As `readRowsWithSegments`. One iteration at a time. */
  rows(range: RowRange): AsyncGenerator<JournalRow> {
    return rowsWithSegments(this.#path, this.#database, range);
  }

  close(): void {
    this.#database.close();
  }
}
