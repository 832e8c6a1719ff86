import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { contentStamp, listFiles, listingStamp, readStamp, writeStamp } from "./stamp.mjs";
import { Stop } from "./stop.mjs";
import { runTool } from "./supervise.mjs";

/** What a running Pitlane needs built: the runtime, the plugins that come with it, and what they depend on. */
const FILTERS = [
  "--filter=pitlane...",
  "--filter=@pitlane/plugin-strategies...",
  "--filter=@pitlane/plugin-algos...",
  "--filter=@pitlane/plugin-dashboard...",
  "--filter=@pitlane/plugin-prometheus...",
  "--filter=@pitlane/plugin-otel...",
];

/** Arguments of turbo for every use: nothing is looked up, only what fails is shown. */
export const TURBO = ["run", "--no-update-notifier", "--output-logs=errors-only"];

/** Never part of what a package's build reads. */
const NOT_INPUT = new Set(["node_modules", "dist", "test", "bench", ".turbo", "coverage"]);
const SHARED_INPUTS = [
  "pnpm-lock.yaml",
  "tsconfig.base.json",
  "tsup.base.ts",
  "turbo.json",
  "scripts/check-imports.mjs",
];

/**
 * Builds what `npm start` runs, unless sources and results are those of the last build.
 *
 * turbo would find that out as well, some ten times slower than the stamps here.
 *
 * @param {import("./house.mjs").House} house
 * @throws {Stop} When the build fails; the message is its output.
 */
export async function ensureBuilt({ root, env, say }) {
  const stampFile = join(root, "node_modules", ".pitlane", "build");
  const sources = sourceStamp(root);
  if (readStamp(stampFile) === `${sources} ${resultStamp(root)}`) return;

  say("Building ...");
  const { code, output } = await runTool("turbo", [...TURBO, "build", ...FILTERS], { cwd: root, env });
  if (code !== 0) throw new Stop(`${output.trim()}\n\nThe build failed; its output is above.`, 1);
  // The sources as they were before the build: one changed meanwhile makes the next start build again.
  writeStamp(stampFile, `${sources} ${resultStamp(root)}`);
}

/** @param {string} root */
function sourceStamp(root) {
  return contentStamp(root, [
    ...SHARED_INPUTS,
    ...packageFolders(root).flatMap((folder) => listFiles(root, folder, NOT_INPUT)),
  ]);
}

/** @param {string} root */
function resultStamp(root) {
  return listingStamp(
    root,
    packageFolders(root).flatMap((folder) => listFiles(root, `${folder}/dist`, new Set())),
  );
}

/**
 * The folders of the published packages, relative to `root`.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function packageFolders(root) {
  return ["packages", "packages/plugins"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => `${parent}/${name}`)
      .filter((folder) => existsSync(join(root, folder, "package.json"))),
  );
}
