/**
 * Runs bench suites and compares ours with the peers': `node scripts/bench/main.mjs [--json FILE] [--rounds N] [--only TEXT] FILE...`.
 *
 * Every case runs in a process of its own and cases rotate from round to round, so that a slow stretch of the machine hits both
 * sides of a ratio. Suites are bundled with their packages left outside, so what is measured is the build that users import.
 */
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { build } from "esbuild";
import { toRows, toTable } from "./compare.mjs";

const CASE_TIMEOUT_MS = 120_000;

const { json, only, rounds: roundsWanted, files } = readArguments();
const child = join(import.meta.dirname, "child.mjs");
const run = promisify(execFile);

const outputs = files.map((file) => join(dirname(resolve(file)), `.bundle-${process.pid}`));
process.once("exit", () => {
  for (const folder of outputs) rmSync(folder, { recursive: true, force: true });
});
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

/** @type {import("./compare.mjs").Row[]} */
const rows = [];
for (const [i, file] of files.entries()) rows.push(...(await runSuite(file, outputs[i] ?? "")));

if (rows.length === 0) stop(`nothing here is called "${only}"`, 2);
if (json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? "", cores: cpus().length, memoryBytes: totalmem() };
  writeFileSync(json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  console.log(`\nwritten to ${json}`);
}

/**
 * @param {string} file
 * @param {string} outdir
 */
async function runSuite(file, outdir) {
  // Named after the suite: modules are cached by their path, and suites of one folder share the output folder.
  const outfile = join(outdir, `${basename(file)}.mjs`);
  await build({
    entryPoints: [resolve(file)],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    outfile,
    logLevel: "warning",
  });
  /** @type {{ default: import("./suite.ts").Suite }} */
  const { default: suite } = await import(pathToFileURL(outfile).href);
  const chosen = suite.comparisons.filter(({ name }) => name.includes(only));
  if (chosen.length > 0) console.log(`\n${suite.name}`);
  const found = [];
  for (const comparison of chosen) {
    const cases = ["", ...Object.keys(comparison.peers)];
    const rounds = [];
    const count = roundsWanted ?? comparison.rounds ?? 3;
    for (let round = 0; round < count; round++) {
      /** @type {Record<string, number>} */
      const figures = {};
      for (let i = 0; i < cases.length; i++) {
        const peer = cases[(i + round) % cases.length] ?? "";
        figures[peer] = await measure(outfile, comparison.name, peer);
      }
      rounds.push(figures);
    }
    const its = toRows(comparison, rounds);
    console.log(`\n${toTable(its)}`);
    found.push(...its);
  }
  return found;
}

/**
 * @param {string} bundle
 * @param {string} comparison
 * @param {string} peer
 * @returns {Promise<number>}
 */
async function measure(bundle, comparison, peer) {
  const what = `"${comparison}", ${peer === "" ? "ours" : peer}`;
  const args = ["--expose-gc", child, bundle, comparison, peer];
  const { stdout } = await run(process.execPath, args, { timeout: CASE_TIMEOUT_MS }).catch((error) =>
    stop(`${what} failed: ${error.killed ? `no figure after ${CASE_TIMEOUT_MS / 1000} s` : error.stderr}`, 1),
  );
  const { figure } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  return typeof figure === "number" ? figure : stop(`${what} gave ${String(figure)}, not a number`, 1);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: "string" }, rounds: { type: "string" }, only: { type: "string" } },
      allowPositionals: true,
    });
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= 100))
      stop(`--rounds must be a whole number from 1 to 100, got ${values.rounds}`, 2);
    // Found out now rather than after minutes of measuring.
    if (values.json !== undefined) mkdirSync(dirname(resolve(values.json)), { recursive: true });
    return { json: values.json, only: values.only ?? "", rounds, files: positionals };
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error), 2);
  }
}

/**
 * @param {string} message
 * @param {number} exitCode
 * @returns {never}
 */
function stop(message, exitCode) {
  console.error(message);
  process.exit(exitCode);
}
