import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { SHORTEST_TOKEN } from "./settings.ts";

const TOKEN_BYTES = 32;
const FILE = "dashboard-token";

/** Where a project keeps what it shares between runs: the folder `.pitlane` above a run's folder; undefined when there is none. Pure. */
export function projectFolder(runFolder: string): string | undefined {
  let folder = runFolder;
  while (basename(folder) !== ".pitlane") {
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return folder;
}

/**
 * The token of a project: kept in a file that only its owner can read, so that the link, and a page that is open, outlive a restart.
 *
 * A file that others can read, or that holds no token, is replaced by a new one. A run outside a project gets a token of its own.
 *
 * @param randomBytes From a source that cannot be foretold.
 * @throws {InvalidInputError} When the file cannot be written.
 * @example
 * const token = keepToken(session.folder, (count) => randomBytes(count));
 */
export function keepToken(runFolder: string, randomBytes: (count: number) => Uint8Array): string {
  const make = () => Buffer.from(randomBytes(TOKEN_BYTES)).toString("base64url");
  const folder = projectFolder(runFolder);
  if (folder === undefined) return make();
  const path = join(folder, FILE);
  const kept = readToken(path);
  if (kept !== undefined) return kept;
  const token = make();
  try {
    mkdirSync(folder, { recursive: true });
    rmSync(path, { force: true });
    writeFileSync(path, `${token}\n`, { mode: 0o600, flag: "wx" });
    chmodSync(path, 0o600); // whatever the umask
  } catch (error) {
    // Two sessions may start at once: the other's file is as good as ours.
    const others = readToken(path);
    if (others !== undefined) return others;
    throw new InvalidInputError(
      `the dashboard's token cannot be kept in ${path} (${(error as Error).message}): make its folder writable, or set "token" in its settings`,
      { cause: error },
    );
  }
  return token;
}

/** Undefined when the file is missing, no plain file, open to others, or holds no token. */
function readToken(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch {
    return undefined; // a new one is made, and what is in its way is then told
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || (process.platform !== "win32" && (stats.mode & 0o077) !== 0)) return undefined;
    const token = readFileSync(file, "utf8").trim();
    return token.length >= SHORTEST_TOKEN && /^[\w.~-]+$/.test(token) ? token : undefined;
  } finally {
    closeSync(file);
  }
}
