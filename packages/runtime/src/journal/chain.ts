import { hash } from "node:crypto";

/** What the chain covers of one line of a run's event log. */
export interface ChainedRow {
  /** 1, 2, 3, ... without a hole. */
  readonly seq: number;
  /** Wall time of the row, microseconds since the epoch; never less than the row before. */
  readonly atUs: number;
  readonly kind: string;
  /** SHA-256 of the body's bytes, in hex. */
  readonly bodyHash: string;
}

/** One line of a run's event log. */
export interface JournalRow extends ChainedRow {
  /** JSON text, or the bytes of a block of inputs. */
  readonly body: string | Uint8Array;
  /** Of the chain up to here, in hex. */
  readonly hash: string;
}

/** Hash before the first row. */
export const GENESIS = "0".repeat(64);

/** SHA-256, in hex, of a body: of its UTF-8 bytes when it is text. */
export function hashBody(body: string | Uint8Array): string {
  return hash("sha256", body, "hex");
}

/**
 * Hash of `row` after `previous`: SHA-256, in hex, over `previous`, seq, atUs, kind and bodyHash, joined by line feeds. Changing, removing
 * or moving any row changes every hash after it. The body takes part by its own hash, so that it can move elsewhere and the chain
 * still be followed.
 *
 * @example
 * const head = rows.reduce(chainHash, GENESIS);
 */
export function chainHash(previous: string, { seq, atUs, kind, bodyHash }: ChainedRow): string {
  return hash("sha256", `${previous}\n${seq}\n${atUs}\n${kind}\n${bodyHash}`, "hex");
}
