import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { InvalidInputError } from "@pitlane/perf";

/** Whole lines of a text, without their ends; `lines[i]` is line `firstLine + i`, counted from 1. */
export interface TextLines {
  readonly firstLine: number;
  readonly lines: readonly string[];
}

const CHUNK_BYTES = 1 << 18;
const MOST_LINE_CHARACTERS = 1 << 20;

/** Whether a file is gzip, by its first two bytes. @throws {InvalidInputError} When it cannot be read. */
async function isGzip(path: string): Promise<boolean> {
  const bytes = await firstBytes(path, 2);
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The first bytes of a file, fewer where it is shorter. @throws {InvalidInputError} When it cannot be read. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const bytes = Buffer.alloc(count);
      const { bytesRead } = await file.read(bytes, 0, count, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * The lines of a plain or gzip text file, some thousand at a time: memory is bounded by a chunk and a line of at most 1 MiB. Lines end
 * with LF or CRLF; a byte order mark is dropped.
 *
 * @throws {InvalidInputError} When the file cannot be read or unpacked, or a line is too long, naming the file and the line.
 * @throws The signal's reason when `signal` aborts.
 */
export async function* readTextLines(path: string, signal?: AbortSignal): AsyncGenerator<TextLines, void, undefined> {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const text = (await isGzip(path)) ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), () => {}) : source;
  text.setEncoding("utf8");
  let firstLine = 1;
  let rest = "";
  try {
    for await (const chunk of text as AsyncIterable<string>) {
      signal?.throwIfAborted();
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() as string;
      if (rest.length > MOST_LINE_CHARACTERS) throw tooLong(path, firstLine + lines.length);
      if (lines.length === 0) continue;
      yield trimmed(firstLine, lines);
      firstLine += lines.length;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof InvalidInputError ? error : unreadable(path, error);
  } finally {
    source.destroy();
    text.destroy();
  }
  if (rest !== "") yield trimmed(firstLine, [rest]);
}

function trimmed(firstLine: number, lines: string[]): TextLines {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
  }
  if (firstLine === 1 && lines[0]?.startsWith("\ufeff")) lines[0] = lines[0].slice(1);
  return { firstLine, lines };
}

function tooLong(path: string, line: number): InvalidInputError {
  return new InvalidInputError(
    `${path}:${line}: is longer than ${MOST_LINE_CHARACTERS} characters, which no line of market data is: name a table or a recording`,
  );
}

function unreadable(path: string, cause: unknown): InvalidInputError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InvalidInputError(`${path}: cannot be read (${reason}): check the path, or get the file again`, { cause });
}
