import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, packageFolders } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { Stop } from "./stop.mjs";
import { supervise } from "./supervise.mjs";

/**
 * `npm run bench -- NAME ARGS`: compares what is measured there with its peers; ARGS are `scripts/bench/main.mjs`'s (`--json FILE`).
 *
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 * @returns {Promise<number>} The benchmark's exit code.
 * @throws {Stop} With the names there are, when NAME is missing or unknown.
 */
export async function bench(house, [name, ...args]) {
  const files = chooseBench(listBenches(house.root), name).map((file) => join(house.root, file));
  await ensureInstalled(house);
  await ensureBuilt(house);
  const main = join(house.root, "scripts", "bench", "main.mjs");
  const { code } = await supervise(process.execPath, [main, ...args, ...files], {
    cwd: house.userFolder,
    env: house.env,
  });
  return code;
}

/**
 * Every benchmark by name: `NAME` for `bench/NAME.ts`, `PACKAGE/NAME` for `packages/PACKAGE/bench/NAME.bench.ts`, and
 * `PACKAGE` for all of a package's.
 *
 * @param {string} root
 * @returns {Map<string, string[]>} Name to files, relative to `root`.
 */
export function listBenches(root) {
  /** @type {Map<string, string[]>} */
  const benches = new Map();
  for (const file of filesIn(root, "bench")) {
    const match = /^(.+)\.(ts|mjs|js)$/.exec(file);
    if (match?.[1] !== undefined && !file.endsWith(".d.ts") && !file.includes(".config."))
      benches.set(match[1], [`bench/${file}`]);
  }
  for (const folder of packageFolders(root)) {
    const name = folder.slice(folder.lastIndexOf("/") + 1);
    const files = filesIn(root, `${folder}/bench`).filter((file) => file.endsWith(".bench.ts"));
    if (files.length > 1)
      benches.set(
        name,
        files.map((file) => `${folder}/bench/${file}`),
      );
    for (const file of files) benches.set(`${name}/${file.slice(0, -".bench.ts".length)}`, [`${folder}/bench/${file}`]);
  }
  return benches;
}

/**
 * @param {ReadonlyMap<string, readonly string[]>} benches
 * @param {string | undefined} name
 * @returns {readonly string[]} The files.
 * @throws {Stop} With exit code 2 and the names there are, when `name` is none of them.
 */
export function chooseBench(benches, name) {
  const files = name === undefined ? undefined : benches.get(name);
  if (files !== undefined) return files;
  const problem =
    name === undefined || name.startsWith("-") ? "Say which benchmark to run" : `There is no benchmark "${name}"`;
  const names =
    benches.size === 0
      ? "There are none yet."
      : `There are:\n${[...benches.keys()].map((known) => `  ${known}`).join("\n")}`;
  throw new Stop(`${problem}: npm run bench -- NAME [--json FILE]. ${names}`, 2);
}

/** @param {string} root @param {string} folder */
function filesIn(root, folder) {
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)).sort() : [];
}
