import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

/** A row that is on its way into a journal; its place in the chain is worked out there. */
export interface TailRow {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: string;
  /** JSON text, or the bytes of a block of inputs. */
  readonly body: string | Uint8Array;
}

const HEAD_BYTES = 8;
const ROW_BYTES = 22;
const BEGIN_ANEW_AT_BYTES = 256 * 1024;

/** Where the tail of a journal lies. */
export function tailPath(journalPath: string): string {
  return `${journalPath}-tail`;
}

/**
 * A file beside a journal that takes rows before the journal does: one write of a plain file, which costs a tenth of a transaction of SQLite.
 *
 *     record  [ bytes u32 | crc32 u32 | row | row | ... ]                         one write, little endian
 *     row     [ seq f64 | atUs f64 | isText u8 | kind's bytes u8 | body's bytes u32 | kind | body ]
 *
 * What was written survives a killed process; a power cut may cost it. A record that the end tore does not match its checksum, and
 * it and all after it never were. Rows that the journal has by now may still be here: who reads it goes by their numbers.
 */
export class Tail {
  readonly #path: string;
  readonly #file: number;
  #buffer: Buffer = Buffer.allocUnsafe(16 * 1024);
  #position = 0;

  /** Begins an empty one: what is in it must be in the journal already. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "w");
  }

  /** Writes rows from index `from` on as one record. Throws what the file system does; nothing of it counts then. */
  write(rows: readonly TailRow[], from: number): void {
    let at = HEAD_BYTES;
    for (let i = from; i < rows.length; i++) at = this.#encode(rows[i]!, at);
    const buffer = this.#buffer;
    buffer.writeUInt32LE(at - HEAD_BYTES, 0);
    buffer.writeUInt32LE(crc32(buffer.subarray(HEAD_BYTES, at)), 4);
    for (let done = 0; done < at; ) done += writeSync(this.#file, buffer, done, at - done, this.#position + done);
    this.#position += at;
  }

  /** The journal has all that was written. */
  settled(): void {
    // Written over and not cut: the file system then has no blocks to find. What still stands behind is older than the journal's last row.
    if (this.#position >= BEGIN_ANEW_AT_BYTES) this.#position = 0;
  }

  /** Closes it, and removes it where the journal has all that was written. */
  close(isSettled: boolean): void {
    closeSync(this.#file);
    if (isSettled) rmSync(this.#path);
  }

  #encode({ seq, atUs, kind, body }: TailRow, start: number): number {
    const most = start + ROW_BYTES + 3 * (kind.length + body.length); // of UTF-8
    if (most > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * most);
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    const buffer = this.#buffer;
    const isText = typeof body === "string";
    const kindAt = start + ROW_BYTES;
    const kindBytes = buffer.write(kind, kindAt);
    const bodyAt = kindAt + kindBytes;
    if (!isText) buffer.set(body, bodyAt);
    const bodyBytes = isText ? buffer.write(body, bodyAt) : body.length;
    buffer.writeDoubleLE(seq, start);
    buffer.writeDoubleLE(atUs, start + 8);
    buffer[start + 16] = isText ? 1 : 0;
    buffer[start + 17] = kindBytes;
    buffer.writeUInt32LE(bodyBytes, start + 18);
    return bodyAt + bodyBytes;
  }
}

/** True when there is anything in the tail of a journal. */
export function hasTail(journalPath: string): boolean {
  return (statSync(tailPath(journalPath), { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** The rows that follow row `lastSeq` of a journal without a hole, as its tail has them; up to the first record that was torn. */
export function* readTail(journalPath: string, lastSeq: number): Generator<TailRow> {
  if (!hasTail(journalPath)) return;
  const bytes = readFileSync(tailPath(journalPath));
  let next = lastSeq + 1;
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const from = at + HEAD_BYTES;
    const to = from + bytes.readUInt32LE(at);
    if (to > bytes.length || crc32(bytes.subarray(from, to)) !== bytes.readUInt32LE(at + 4)) return;
    for (let row = from; row < to; ) {
      const kindAt = row + ROW_BYTES;
      const bodyAt = kindAt + (bytes[row + 17] as number);
      const end = bodyAt + bytes.readUInt32LE(row + 18);
      const seq = bytes.readDoubleLE(row);
      if (seq > next) return;
      if (seq === next) {
        const body = bytes.subarray(bodyAt, end);
        const kind = bytes.toString("utf8", kindAt, bodyAt);
        yield { seq, atUs: bytes.readDoubleLE(row + 8), kind, body: bytes[row + 16] === 1 ? body.toString() : body };
        next++;
      }
      row = end;
    }
    at = to;
  }
}
