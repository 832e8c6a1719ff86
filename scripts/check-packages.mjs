// `node scripts/check-packages.mjs`: packs every published package and looks at the tarball as its users will.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packageFolders } from "./lib/build.mjs";
import { tarballProblems } from "./lib/tarball.mjs";

const AT_ONCE = 2;
const root = resolve(import.meta.dirname, "..");
const run = promisify(execFile);

/**
 * @param {string} folder Of a built package, relative to the root.
 * @param {string} destination For its tarball.
 * @returns {Promise<string[]>} Problems, one a line.
 */
async function problemsOf(folder, destination) {
  const cwd = join(root, folder);
  const pnpm = join(root, "node_modules", "pnpm", "bin", "pnpm.cjs");
  const packed = await run(process.execPath, [pnpm, "pack", "--json", "--pack-destination", destination], { cwd });
  const { filename, files } = JSON.parse(packed.stdout);
  const { stdout: manifestText } = await run("tar", ["-xzOf", filename, "package/package.json"]);
  const manifest = JSON.parse(manifestText);

  const problems = tarballProblems(
    files.map((/** @type {{ path: string }} */ file) => file.path),
    manifest,
  );
  const tarball = Uint8Array.from(readFileSync(filename)).buffer;
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  problems.push(...messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`));
  return [...problems, ...(await typeProblems(filename))];
}

/**
 * @param {string} tarball
 * @returns {Promise<string[]>} What "are the types wrong" says of ESM and CJS; Node 10's resolution knows no subpaths.
 */
async function typeProblems(tarball) {
  const attw = join(root, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  try {
    await run(process.execPath, [
      attw,
      tarball,
      "--profile",
      "node16",
      "--no-color",
      "--no-emoji",
      "--format",
      "table-flipped",
    ]);
    return [];
  } catch (error) {
    return [`types:\n${outputOf(error)}`];
  }
}

/** @param {unknown} error Of a program that failed: what it printed, or why it could not run. */
function outputOf(error) {
  const {
    stdout = "",
    stderr = "",
    message,
  } = /** @type {{ stdout?: string, stderr?: string, message: string }} */ (error);
  return `${stdout}${stderr}`.trim() || message;
}

const folders = packageFolders(root).filter(
  (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).private !== true,
);
const destination = mkdtempSync(join(tmpdir(), "pitlane-packages-"));
try {
  const queue = [...folders];
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
      const problems = await problemsOf(folder, destination).catch((error) => [outputOf(error)]);
      process.stdout.write(
        problems.length === 0 ? `${folder}: ok\n` : `${folder}:\n${problems.map((line) => `  ${line}\n`).join("")}`,
      );
      if (problems.length > 0) process.exitCode = 1;
    }
  });
  await Promise.all(workers);
} finally {
  rmSync(destination, { recursive: true, force: true });
}
