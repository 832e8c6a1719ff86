import { openToRead } from "./absorb.ts";
import { checkChain } from "./check.ts";
import { JournalSegmentError } from "./errors.ts";
import { SegmentBodies } from "./read.ts";
import { segmentsOf, storedRows } from "./store.ts";

/** What a check of a journal found. */
export interface JournalVerdict {
  readonly path: string;
  readonly events: number;
  readonly headHash: string;
  /** The first row that breaks the chain and how; undefined when the chain is intact. */
  readonly fault: string | undefined;
  /** Rows whose bodies lie in segments. `verifyJournal` checks their place in the chain, `verifyWithSegments` the bodies too. */
  readonly inSegments: number;
}

/**
 * Recomputes the hash chain of a journal, reading it row by row; a session may be writing it meanwhile.
 *
 * @throws {InvalidInputError} When the file is missing or is not a journal.
 * @throws {JournalCorruptError} When its first page is damaged. A damage further on is the verdict's `fault`.
 */
export function verifyJournal(path: string): JournalVerdict {
  const database = openToRead(path);
  try {
    const { events, headHash, fault, inSegments } = checkChain(database);
    return { path, events, headHash, fault, inSegments };
  } finally {
    database.close();
  }
}

/** As `verifyJournal`, and checks the bodies in segments against the chain. */
export async function verifyWithSegments(path: string): Promise<JournalVerdict> {
  const verdict = verifyJournal(path);
  if (verdict.inSegments === 0) return verdict;
  const database = openToRead(path);
  let headHash = "";
  let events = 0;
  try {
    const bodies = new SegmentBodies(path, segmentsOf(database));
    for (const row of storedRows(database, 1, verdict.events)) {
      if (row.body === undefined) await bodies.of(row);
      headHash = row.hash;
      events++;
    }
    return verdict;
  } catch (error) {
    if (error instanceof JournalSegmentError) return { ...verdict, events, headHash, fault: error.message };
    throw error;
  } finally {
    database.close();
  }
}
