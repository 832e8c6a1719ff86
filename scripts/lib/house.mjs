import { realpathSync } from "node:fs";
import { delimiter, join, relative, resolve, sep } from "node:path";

/**
 * What every part of the boot script needs to know of the place it works in.
 *
 * @typedef {object} House
 * @property {string} root The repository, absolute.
 * @property {NodeJS.ProcessEnv} env For the programs that are run: the workspace's tools first in PATH, nothing reports home.
 * @property {string} userFolder Where the user typed the command: relative paths in their arguments start there.
 * @property {(line: string) => void} say Prints a line that is not part of any program's output.
 */

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd
 * @param {(line: string) => void} say
 * @returns {House}
 */
export function createHouse(root, env, cwd, say) {
  return { root, env: toolEnvironment(root, env), userFolder: userFolder(root, env, cwd), say };
}

/**
 * The environment for the workspace's tools.
 *
 * The bin folder is absolute: turbo cannot start programs found through a relative one.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(root, env) {
  return {
    ...env,
    PATH: [join(root, "node_modules", ".bin"), ...foreignPath(root, env["PATH"] ?? "")].join(delimiter),
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
}

/**
 * The folders of a PATH that lie outside the repository.
 *
 * @param {string} root
 * @param {string} path
 */
export function foreignPath(root, path) {
  return path.split(delimiter).filter((folder) => folder !== "" && !isInside(root, resolve(folder)));
}

/**
 * The folder that relative paths in the user's arguments start from.
 *
 * npm runs scripts in the package's root and says in INIT_CWD where it was called, be it inside the repository or not
 * (`npm --prefix ~/pitlane start -- --json out.json` writes beside the caller). INIT_CWD counts only when npm runs this
 * repository's script: another package's npm may have left it in the environment.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd
 */
export function userFolder(root, env, cwd) {
  const calledIn = env["INIT_CWD"];
  const manifest = env["npm_package_json"];
  if (calledIn === undefined || manifest === undefined) return cwd;
  return samePath(manifest, join(root, "package.json")) ? calledIn : cwd;
}

/** @param {string} a @param {string} b */
function samePath(a, b) {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false; // one of them is not there
  }
}

/** @param {string} folder @param {string} path */
function isInside(folder, path) {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}
