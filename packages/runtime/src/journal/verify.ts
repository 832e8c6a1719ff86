import { existsSync } from "node:fs";
import { InvalidInputError } from "@pitlane/perf";
import Database from "libsql";
import { chainHash, GENESIS, type JournalRow } from "./chain.ts";

/** What a check of a journal found. */
export interface JournalVerdict {
  readonly path: string;
  readonly events: number;
  readonly headHash: string;
  /** The first row that breaks the chain and how; undefined when the chain is intact. */
  readonly fault: string | undefined;
}

interface StoredRow {
  readonly seq: number;
  readonly at_us: number;
  readonly kind: string;
  readonly body: string;
  readonly hash: string;
}

/**
 * Recomputes the hash chain of a journal, reading it row by row.
 *
 * @throws {InvalidInputError} When the file is missing or is not a journal.
 */
export function verifyJournal(path: string): JournalVerdict {
  if (!existsSync(path))
    throw new InvalidInputError(`there is no journal at ${path}: check the path a run's report names`);
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { readonly: true });
    return {
      path,
      ...checkChain(
        database
          .prepare("SELECT seq, at_us, kind, body, hash FROM events ORDER BY seq")
          .iterate() as Iterable<StoredRow>,
      ),
    };
  } catch (error) {
    throw new InvalidInputError(
      `${path} cannot be read as a journal (${(error as Error).message}): is it the file a run's report names?`,
    );
  } finally {
    database?.close();
  }
}

/** Follows the chain over rows in order. Pure. */
function checkChain(rows: Iterable<StoredRow>): Omit<JournalVerdict, "path"> {
  let events = 0;
  let headHash: string = GENESIS;
  for (const stored of rows) {
    const row: JournalRow = { seq: stored.seq, atUs: stored.at_us, kind: stored.kind, body: stored.body };
    if (row.seq !== events + 1)
      return { events, headHash, fault: `event ${events + 1} is missing: ${row.seq} follows ${events}` };
    const hash = chainHash(headHash, row);
    if (hash !== stored.hash)
      return {
        events,
        headHash,
        fault: `event ${row.seq} (${row.kind}) was changed: its hash does not follow from the one before`,
      };
    headHash = hash;
    events++;
  }
  return { events, headHash, fault: undefined };
}
