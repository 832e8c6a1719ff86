import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A stamp is a hash of what a result was made from, kept beside the result: the same stamp means nothing has to be done.
 *
 * @param {string} path
 * @returns {string | undefined} Undefined when there is none.
 */
export function readStamp(path) {
  return readIfThere(path)?.toString("utf8").trim();
}

/**
 * @param {string} path
 * @param {string} stamp
 */
export function writeStamp(path, stamp) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${stamp}\n`);
}

/**
 * Fingerprint of an installation: what decides which files a frozen install lays out on this machine.
 *
 * @param {{ lockfile: string | Buffer, packageManager: string, nodeAbi: string, platform: string, arch: string }} inputs
 */
export function installStamp({ lockfile, packageManager, nodeAbi, platform, arch }) {
  return hashOf([packageManager, nodeAbi, platform, arch, lockfile]);
}

/**
 * Fingerprint of files by name and content. A file that is not there counts as such.
 *
 * @param {string} root
 * @param {readonly string[]} paths Relative to `root`; their order does not matter.
 */
export function contentStamp(root, paths) {
  return hashOf([...paths].sort().flatMap((path) => [path, readIfThere(join(root, path)) ?? "absent"]));
}

/**
 * Fingerprint of files by name, size and time of change: cheap, for results that only a build writes.
 *
 * @param {string} root
 * @param {readonly string[]} paths Relative to `root`; each must exist.
 */
export function listingStamp(root, paths) {
  return hashOf(
    [...paths].sort().flatMap((path) => {
      const { size, mtimeMs } = statSync(join(root, path));
      return [path, `${size} ${mtimeMs}`];
    }),
  );
}

/**
 * Every file under `folder`, relative to `root`, leaving out what lies in folders named in `skip`.
 *
 * @param {string} root
 * @param {string} folder Relative to `root`; nothing is returned when it does not exist.
 * @param {ReadonlySet<string>} skip
 * @returns {string[]}
 */
export function listFiles(root, folder, skip) {
  /** @type {string[]} */
  const files = [];
  for (const entry of entriesOf(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!skip.has(entry.name)) files.push(...listFiles(root, path, skip));
    } else files.push(path);
  }
  return files;
}

/** @param {readonly (string | Buffer)[]} parts */
function hashOf(parts) {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part); // lengths keep ["ab","c"] and ["a","bc"] apart
  return hash.digest("hex");
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** @param {string} path */
function entriesOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** @param {unknown} error */
function isAbsent(error) {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
