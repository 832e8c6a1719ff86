import { checkFunction, checkSignal } from "../checks.ts";
import { LineProblem, type RecordingError } from "./errors.ts";
import { checkPath } from "./file-bytes.ts";
import { readLines } from "./line-batches.ts";
import { parseJsonlLine } from "./recorded-line.ts";

/** A record of a session log of any venue, not understood further. Times are integer microseconds since the epoch. */
export type LoggedRecord =
  | { readonly kind: "header"; readonly exchange: string }
  | { readonly kind: "connect"; readonly connection: string; readonly address: string }
  | { readonly kind: "send"; readonly connection: string; readonly data: Buffer }
  | {
      readonly kind: "frame";
      readonly atUs: number;
      readonly connection: string;
      readonly data: Buffer;
      readonly isBinary: boolean;
    }
  | { readonly kind: "http"; readonly atUs: number; readonly url: string };

/**
 * Reads the records of a session log, a batch for each chunk of the file: lines
 * `{"t":"recv","conn":"a","ts":1767225600.5,"data":"..."}` as of `openRecording`, whatever the venue. A binary frame has `"binary":true`,
 * and its bytes as base64. Blank lines, and what tells the end of a connection, are passed over.
 *
 * @param onDamaged Told of each line that is no such record; reading goes on.
 * @throws {InvalidInputError} At the call, when `path` is no text, `onDamaged` no function or `signal` no AbortSignal.
 * @throws {RecordingError} When the file cannot be read or unpacked, or is not UTF-8.
 * @throws The signal's reason when `signal` aborts.
 */
export function readSessionLog(
  path: string,
  onDamaged: (error: RecordingError) => void,
  signal?: AbortSignal,
): AsyncGenerator<readonly LoggedRecord[], void, undefined> {
  checkPath("path", path);
  checkFunction("onDamaged", onDamaged);
  checkSignal(signal);
  return readRecords(path, onDamaged, signal);
}

async function* readRecords(
  path: string,
  onDamaged: (error: RecordingError) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly LoggedRecord[], void, undefined> {
  for await (const { firstLine, lines } of readLines(path, signal)) {
    const records: LoggedRecord[] = [];
    for (const [i, line] of lines.entries()) {
      if (line.trim() === "") continue;
      try {
        const record = toRecord(line);
        if (record !== undefined) records.push(record);
      } catch (error) {
        if (!(error instanceof LineProblem)) throw error;
        onDamaged(error.at(path, firstLine + i, line));
      }
    }
    yield records;
  }
}

function toRecord(line: string): LoggedRecord | undefined {
  const record = parseJsonlLine(line);
  switch (record.kind) {
    case "message": {
      const { atUs, connection, text, isBinary = false } = record;
      return { kind: "frame", atUs, connection, data: Buffer.from(text, isBinary ? "base64" : "utf8"), isBinary };
    }
    case "send":
      return { kind: "send", connection: record.connection, data: Buffer.from(record.text) };
    case "end":
      return undefined;
    default:
      return record;
  }
}
