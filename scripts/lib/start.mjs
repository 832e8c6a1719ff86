import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { supervise } from "./supervise.mjs";

/**
 * `npm start -- ARGS`: installs and builds what is missing, then becomes `pitlane start ARGS`.
 *
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 * @returns {Promise<number>} The program's exit code.
 */
export async function start(house, args) {
  await ensureInstalled(house);
  await ensureBuilt(house);
  const program = join(house.root, "packages", "runtime", "bin", "pitlane.mjs");
  const { code } = await supervise(process.execPath, [program, "start", ...args], {
    cwd: house.userFolder,
    // When this process is killed outright, the program sees that its parent has changed and closes in order.
    env: { ...house.env, PITLANE_LAUNCHER_PID: String(process.pid) },
  });
  return code;
}
