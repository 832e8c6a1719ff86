import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { Stop } from "./stop.mjs";

/**
 * A way to start pnpm: `command ...args` followed by pnpm's own arguments.
 *
 * @typedef {{ name: string, command: string, args: readonly string[] }} PnpmRunner
 */

/**
 * The version in a `packageManager` field such as `pnpm@10.34.9+sha512.abc`.
 *
 * @param {unknown} packageManager
 * @throws {Stop} When it does not pin an exact pnpm.
 */
export function pinnedVersion(packageManager) {
  const match = /^pnpm@(\d+\.\d+\.\d+)(\+|$)/.exec(String(packageManager));
  if (match?.[1] === undefined)
    throw new Stop(`package.json: "packageManager" must pin pnpm as pnpm@1.2.3, it is ${String(packageManager)}`, 1);
  return match[1];
}

/**
 * The ways to start pnpm, best first. One in PATH counts only at exactly the pinned version: any other would switch to
 * the pinned one by itself, which fails where the registry serves no signatures.
 *
 * @param {string} version The pinned one.
 * @param {string | undefined} versionInPath What `pnpm --version` says; undefined when there is none.
 * @returns {PnpmRunner[]}
 */
export function pnpmRunners(version, versionInPath) {
  const others = [
    { name: `npx pnpm@${version}`, command: "npx", args: ["--yes", `pnpm@${version}`] },
    { name: "corepack pnpm", command: "corepack", args: ["pnpm"] },
  ];
  return versionInPath === version ? [{ name: `pnpm ${version}`, command: "pnpm", args: [] }, ...others] : others;
}

/**
 * Asks the pnpm in PATH for its version, from outside the repository: inside, it would answer for the pinned one.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} Undefined when there is none or it does not answer.
 */
export function pnpmVersionInPath(env) {
  const { status, stdout } = spawnSync("pnpm", ["--version"], {
    cwd: tmpdir(),
    env: { ...env, COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 20_000,
  });
  return status === 0 ? stdout.trim() : undefined;
}
