import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, packageFolders } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { Stop } from "./stop.mjs";
import { supervise } from "./supervise.mjs";

/**
 * `npm run bench -- NAME ARGS`: runs one benchmark; ARGS (`--json FILE`) are its own.
 *
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 * @returns {Promise<number>} The benchmark's exit code.
 * @throws {Stop} With the names there are, when NAME is missing or unknown.
 */
export async function bench(house, [name, ...args]) {
  const file = chooseBench(listBenches(house.root), name);
  await ensureInstalled(house);
  await ensureBuilt(house);
  const jiti = join(house.root, "packages", "runtime", "node_modules", "jiti", "lib", "jiti-cli.mjs");
  const { code } = await supervise(process.execPath, ["--expose-gc", jiti, join(house.root, file), ...args], {
    cwd: house.userFolder,
    env: house.env,
  });
  return code;
}

/**
 * Every benchmark by name: `NAME` for `bench/NAME.ts`, `PACKAGE/NAME` for `packages/PACKAGE/bench/NAME.bench.ts`.
 *
 * @param {string} root
 * @returns {Map<string, string>} Name to file, relative to `root`.
 */
export function listBenches(root) {
  /** @type {Map<string, string>} */
  const benches = new Map();
  for (const file of filesIn(root, "bench")) {
    const match = /^(.+)\.(ts|mjs|js)$/.exec(file);
    if (match?.[1] !== undefined && !file.endsWith(".d.ts") && !file.includes(".config."))
      benches.set(match[1], `bench/${file}`);
  }
  for (const folder of packageFolders(root)) {
    for (const file of filesIn(root, `${folder}/bench`)) {
      const match = /^(.+)\.bench\.ts$/.exec(file);
      if (match !== null)
        benches.set(`${folder.slice(folder.lastIndexOf("/") + 1)}/${match[1]}`, `${folder}/bench/${file}`);
    }
  }
  return benches;
}

/**
 * @param {ReadonlyMap<string, string>} benches
 * @param {string | undefined} name
 * @returns {string} The file.
 * @throws {Stop} With exit code 2 and the names there are, when `name` is none of them.
 */
export function chooseBench(benches, name) {
  const file = name === undefined ? undefined : benches.get(name);
  if (file !== undefined) return file;
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
