import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { supervise } from "./supervise.mjs";

/**
 * `npm run matrix -- ARGS`: tries every fault of the paper exchange on every operation of the SDK, and prints what comes of it. ARGS:
 * `--only TEXT`, `--json FILE`, `--markdown FILE`.
 *
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0 when every outcome is the one that the docs state.
 */
export async function matrix(house, args) {
  await ensureInstalled(house);
  await ensureBuilt(house);
  const main = join(house.root, "packages", "sdk", "test", "faults", "main.ts");
  const { code } = await supervise("jiti", [main, ...args], { cwd: house.userFolder, env: house.env });
  return code;
}
