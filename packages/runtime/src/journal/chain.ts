import { createHash } from "node:crypto";

/** One line of a run's event log. */
export interface JournalRow {
  /** 1, 2, 3, ... without a hole. */
  readonly seq: number;
  /** Wall time of the append, microseconds since the epoch. */
  readonly atUs: number;
  readonly kind: string;
  /** JSON text. */
  readonly body: string;
}

/** Hash before the first row. */
export const GENESIS = "0".repeat(64);

/**
 * Hash of `row` after `previous`: SHA-256, in hex, over `previous`, seq, atUs, kind and body, joined by line feeds. Changing, removing
 * or moving any row changes every hash after it.
 *
 * @example
 * const head = rows.reduce(chainHash, GENESIS);
 */
export function chainHash(previous: string, row: JournalRow): string {
  return createHash("sha256").update(`${previous}\n${row.seq}\n${row.atUs}\n${row.kind}\n${row.body}`).digest("hex");
}
