import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { check } from "../checks.ts";
import { RecordingError } from "./errors.ts";

const CHUNK_BYTES = 256 * 1024;
const MAGIC_BYTES = 16;

type Packing = "plain" | "gzip";

// What files that are not ours begin with, as latin1 text.
const FOREIGN: readonly (readonly [magic: string, what: string, remedy: string])[] = [
  ["\x28\xb5\x2f\xfd", "zstd data, which Node 20 cannot unpack", 'repack it: zstd -dc "FILE" | gzip > "FILE.gz"'],
  ["BZh", "bzip2 data, which Node cannot unpack", 'repack it: bzip2 -dc "FILE" | gzip > "FILE.gz"'],
  ["\xfd7zXZ\x00", "xz data, which Node cannot unpack", 'repack it: xz -dc "FILE" | gzip > "FILE.gz"'],
  ["PK\x03\x04", "a zip archive", "unzip it and name the files inside"],
  ["SQLite format 3\0", "a database, such as Pitlane's journal", 'for a journal run: pitlane journal verify "FILE"'],
  ["\xff\xfe", "UTF-16 text", "save it as UTF-8"],
  ["\xfe\xff", "UTF-16 text", "save it as UTF-8"],
];

/** What tells that a file was changed between two readings. */
export interface FileStamp {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** @throws {InvalidInputError} When it is no name of a file. */
export function checkPath(name: string, path: string): void {
  check(typeof path === "string" && path !== "", name, "the name of a file", path);
}

/** Looks at a file before it is read. @throws {RecordingError} When it is missing, no regular file, or empty. */
export async function stampFile(path: string): Promise<FileStamp> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (found.isDirectory()) throw new RecordingError("is a directory: name the recordings in it one by one", { path });
  // A recording is read twice, and a pipe gives its bytes once.
  if (!found.isFile()) throw new RecordingError("is not a regular file: save the recording to one first", { path });
  if (found.size === 0) throw new RecordingError("is empty: no byte was recorded", { path });
  return { bytes: found.size, modifiedMs: found.mtimeMs };
}

/**
 * Yields the bytes of a plain or gzip file, unpacked; several gzip members follow each other as one text. Whether it is
 * gzip is told by its first bytes, not by its name. One chunk of at most 256 KiB is held at a time.
 *
 * @throws {RecordingError} When the packing is one that cannot be read; system and zlib errors as they come.
 */
export async function* readBytes(path: string): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(path, "r");
  let packing: Packing;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    packing = packingOf(buffer.subarray(0, bytesRead), path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  const file = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
  if (packing === "plain") {
    yield* file;
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // The callback has nothing to add: an error of either stream destroys the other and comes out of the loop below.
  pipeline(file, gunzip, () => {});
  yield* gunzip;
}

function packingOf(start: Buffer, path: string): Packing {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  const text = start.toString("latin1");
  for (const [magic, what, remedy] of FOREIGN) {
    if (text.startsWith(magic)) throw new RecordingError(`is ${what}: ${remedy.replaceAll("FILE", path)}`, { path });
  }
  return "plain";
}

/** What a failure to read means, in words and with a remedy. `lines` is how many were read before it. */
export function fileError(path: string, cause: unknown, lines = 0): RecordingError {
  if (cause instanceof RecordingError) return cause;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new RecordingError(describe(code, path, lines, cause), { path, cause });
}

function describe(code: string, path: string, lines: number, cause: unknown): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file: check the path";
    case "EACCES":
    case "EPERM":
      return `may not be read by this user: chmod +r "${path}", or run as its owner`;
    case "EISDIR":
      return "is a directory: name the recordings in it one by one";
    case "Z_BUF_ERROR":
      return (
        `the gzip data ends too early, after line ${lines}: copy the file again, ` +
        `or keep what is there: gzip -dc "${path}" > part.txt, then delete its last line`
      );
    case "Z_DATA_ERROR":
      return `the gzip data is damaged after line ${lines} (${messageOf(cause)}): copy the file again`;
    default:
      return `cannot be read (${messageOf(cause)})`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
