import type Database from "libsql";
import { GENESIS, hashBody } from "./chain.ts";
import { expectedHash, isDamage, type StoredRow, storedRows, versionOf } from "./store.ts";

/** What following a chain found. */
export interface ChainCheck {
  /** Rows that are as they were written. */
  readonly events: number;
  /** Hash of the last of them. */
  readonly headHash: string;
  /** Time of the last of them; 0 when there is none. */
  readonly lastAtUs: number;
  /** Last row of kind `snapshot` among them. */
  readonly lastSnapshotSeq: number | undefined;
  /** Last row's kind; "" when there is none. */
  readonly lastKind: string;
  /** Rows whose body is not in the file but in a segment: their place in the chain was checked, their bodies were not. */
  readonly inSegments: number;
  /** The first row that breaks the chain and how; undefined when all is as it was written. */
  readonly fault: string | undefined;
}

/** Follows the chain of a journal from its first row. Bodies in segments are left to whoever can wait for them. */
export function checkChain(database: Database.Database, onRow?: (row: StoredRow) => void): ChainCheck {
  let events = 0;
  let headHash: string = GENESIS;
  let lastAtUs = 0;
  let lastKind = "";
  let lastSnapshotSeq: number | undefined;
  let inSegments = 0;
  const result = (fault: string | undefined): ChainCheck => ({
    events,
    headHash,
    lastAtUs,
    lastSnapshotSeq,
    lastKind,
    inSegments,
    fault,
  });
  const version = versionOf(database);
  try {
    for (const row of storedRows(database, 1, Number.MAX_SAFE_INTEGER)) {
      const { seq, kind, body } = row;
      if (seq !== events + 1) return result(`event ${events + 1} is missing: ${seq} follows ${events}`);
      if (body === undefined && row.segment === undefined) return result(`event ${seq} (${kind}) has lost its body`);
      if (expectedHash(version, headHash, row) !== row.hash || (body !== undefined && hashBody(body) !== row.bodyHash))
        return result(`event ${seq} (${kind}) was changed: its hash does not follow from the one before`);
      if (row.atUs < lastAtUs) return result(`event ${seq} (${kind}) is dated before the one before it`);
      onRow?.(row);
      if (body === undefined) inSegments++;
      if (kind === "snapshot") lastSnapshotSeq = seq;
      headHash = row.hash;
      lastAtUs = row.atUs;
      lastKind = kind;
      events++;
    }
    return result(undefined);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return result(`event ${events + 1} cannot be read: ${(error as Error).message}`);
  }
}
