import { join } from "node:path";
import { ensureBuilt } from "./build.mjs";
import { ensureInstalled } from "./install.mjs";
import { supervise } from "./supervise.mjs";

/**
 * A command that runs a program which stands beside tests, on what is built. Its arguments are the command's, its exit code too.
 *
 * @param {string} path From the project's root.
 * @returns {(house: import("./house.mjs").House, args: readonly string[]) => Promise<number>}
 */
export function testProgram(path) {
  return async (house, args) => {
    await ensureInstalled(house);
    await ensureBuilt(house);
    const { code } = await supervise("jiti", [join(house.root, path), ...args], {
      cwd: house.userFolder,
      env: house.env,
    });
    return code;
  };
}
