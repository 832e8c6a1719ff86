import { isUtf8 } from "node:buffer";
import { RecordingError } from "./errors.ts";
import { fileError, readBytes } from "./file-bytes.ts";

// Today's largest Binance answer, exchangeInfo of spot, is some 20 MiB.
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const BOM = "\ufeff";

/** Whole lines of a file, without their ends; `lines[i]` is line `firstLine + i`, counted from 1. Blank ones are kept. */
export interface LineBatch {
  readonly firstLine: number;
  readonly lines: readonly string[];
}

export interface LineOptions {
  readonly maxLineBytes?: number;
  readonly onDamaged?: ((error: RecordingError) => void) | undefined;
}

/**
 * Yields the lines of a plain or gzip text file in batches, one per chunk read: no promise per line.
 *
 * Lines end with LF or CRLF, the last one may have no end; a byte order mark is dropped. Memory is bounded by one chunk
 * and one line. The lines are strings of their own: keeping one does not keep its chunk.
 *
 * @param maxLineBytes - A longer line is an error rather than a growing buffer.
 * @param onDamaged - Told of a line that is not UTF-8, which is then yielded as a blank one instead of ending the reading.
 * @throws {RecordingError} When the file cannot be read or unpacked, is not UTF-8, or has a line that is too long.
 * @throws The signal's reason when `signal` aborts.
 */
export async function* readLines(
  path: string,
  signal?: AbortSignal,
  { maxLineBytes = MAX_LINE_BYTES, onDamaged }: LineOptions = {},
): AsyncGenerator<LineBatch, void, undefined> {
  let lineCount = 0; // lines yielded
  let held: Buffer[] = []; // chunks of a line whose end was not read yet
  let heldBytes = 0;

  const decode = (bytes: Buffer, line: number): string => {
    let length = bytes.length;
    if (length > maxLineBytes) throw tooLong(path, line, maxLineBytes);
    if (bytes[length - 1] === CARRIAGE_RETURN) length--;
    const text = bytes.toString("utf8", 0, length);
    // A replacement character may be in the text itself, so only then are the bytes looked at.
    if (text.includes("\ufffd") && !isUtf8(bytes)) {
      const error = new RecordingError(
        "has bytes that are not UTF-8 text: not a recording, or a damaged one; repair or delete that line",
        { path, line },
      );
      if (onDamaged === undefined) throw error;
      onDamaged(error);
      return "";
    }
    return line === 1 && text.startsWith(BOM) ? text.slice(1) : text;
  };

  const bytes = readBytes(path);
  try {
    while (true) {
      signal?.throwIfAborted();
      const next = await bytes.next().catch((cause: unknown) => {
        throw fileError(path, cause, lineCount);
      });
      if (next.done === true) break;
      const chunk = next.value;
      let end = chunk.indexOf(NEWLINE);
      if (end < 0) {
        held.push(chunk);
        heldBytes += chunk.length;
        if (heldBytes > maxLineBytes) throw tooLong(path, lineCount + 1, maxLineBytes);
        continue;
      }
      const lines: string[] = [];
      let first = chunk.subarray(0, end);
      if (held.length > 0) {
        first = Buffer.concat([...held, first]);
        held = [];
      }
      lines.push(decode(first, lineCount + 1));
      let start = end + 1;
      for (end = chunk.indexOf(NEWLINE, start); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        lines.push(decode(chunk.subarray(start, end), lineCount + 1 + lines.length));
        start = end + 1;
      }
      heldBytes = chunk.length - start;
      if (heldBytes > 0) held.push(chunk.subarray(start));
      yield { firstLine: lineCount + 1, lines };
      lineCount += lines.length;
    }
    if (held.length > 0) yield { firstLine: lineCount + 1, lines: [decode(Buffer.concat(held), lineCount + 1)] };
  } finally {
    await bytes.return();
  }
}

function tooLong(path: string, line: number, maxLineBytes: number): RecordingError {
  return new RecordingError(`is longer than ${maxLineBytes} bytes, which no line of a recording is`, { path, line });
}
