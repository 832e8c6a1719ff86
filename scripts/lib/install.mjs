import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { foreignPath } from "./house.mjs";
import { pinnedVersion, pnpmRunners, pnpmVersionInPath } from "./pnpm.mjs";
import { installStamp, readStamp, writeStamp } from "./stamp.mjs";
import { Stop } from "./stop.mjs";
import { runTool } from "./supervise.mjs";

// --prod=false: NODE_ENV=production would leave out the tools. The purge question could not be answered without a terminal.
const INSTALL = [
  "install",
  "--frozen-lockfile",
  "--prefer-offline",
  "--prod=false",
  "--config.confirm-modules-purge=false",
];

/**
 * Installs the dependencies unless the lockfile, the pinned pnpm, Node's ABI and the platform are those of the last time.
 *
 * @param {import("./house.mjs").House} house
 * @throws {Stop} When no way to run pnpm works; the message has what each one printed.
 */
export async function ensureInstalled({ root, env, say }) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const stamp = installStamp({
    lockfile: readFileSync(join(root, "pnpm-lock.yaml")),
    packageManager,
    nodeAbi: process.versions.modules,
    platform: process.platform,
    arch: process.arch,
  });
  const stampFile = join(root, "node_modules", ".pitlane", "install");
  if (readStamp(stampFile) === stamp) return;

  // Not the copy in node_modules: it would replace itself while it runs.
  const outside = {
    ...env,
    PATH: foreignPath(root, env["PATH"] ?? "").join(delimiter),
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  };
  /** @type {string[]} */
  const failures = [];
  for (const { name, command, args } of pnpmRunners(pinnedVersion(packageManager), pnpmVersionInPath(outside))) {
    say(`Installing dependencies (${name}) ...`);
    const { code, output } = await runTool(command, [...args, ...INSTALL], { cwd: root, env: outside });
    if (code === 0) {
      writeStamp(stampFile, stamp);
      return;
    }
    failures.push(`--- ${name}, exit code ${code}:\n${output.trim()}`);
  }
  throw new Stop(
    `${failures.join("\n")}\n\nThe dependencies could not be installed; each way tried is above with what it printed.`,
    1,
  );
}
