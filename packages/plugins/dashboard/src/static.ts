import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Its name changes with what is in it, so that browsers need not ask again. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json; charset=utf-8",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The built page, read once: what is asked for is looked up by name and never turned into a path, so that no name leads out of the folder.
 * Empty when the folder has not been built.
 *
 * @throws The file system's error when a file cannot be read.
 */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return files;
  let left = MOST_BYTES;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (type === undefined) continue; // source maps and the like
    const bytes = readFileSync(path);
    left -= bytes.byteLength;
    if (left < 0) throw new RangeError(`${folder} holds more than ${MOST_BYTES} bytes: it is no built page`);
    const name = path.slice(folder.length).replaceAll("\\", "/").replace(/^\/*/, "/");
    files.set(name, { type, bytes, isHashed: name.startsWith("/assets/") });
  }
  return files;
}
