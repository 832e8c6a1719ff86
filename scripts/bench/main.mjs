/**
 * Runs bench suites and compares ours with the peers': `node scripts/bench/main.mjs [--json FILE] [--rounds N] [--only TEXT] [--seconds N] FILE...`.
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
import { toRows, toTable, toTrialRows } from "./compare.mjs";
import { openWindows } from "./window-child.mjs";

const CASE_TIMEOUT_MS = 120_000;

const { json, only, rounds: roundsWanted, seconds: secondsWanted, files } = readArguments();
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
  const trials = (suite.trials ?? []).filter(({ name }) => name.includes(only));
  if (chosen.length + trials.length > 0) console.log(`\n${suite.name}`);
  const found = [];
  for (const comparison of chosen) {
    const cases = ["", ...Object.keys(comparison.peers)];
    const rounds = [];
    const count = roundsWanted ?? comparison.rounds ?? 3;
    for (let round = 0; round < count; round++) {
      if ("windows" in comparison) {
        rounds.push(...(await measureWindows(outfile, comparison, cases)));
        continue;
      }
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
  for (const trial of trials) {
    const its = toTrialRows(trial, await runTrial(outfile, trial));
    console.log(`\n${toTable(its)}`);
    found.push(...its);
  }
  return found;
}

/**
 * @param {string} outfile
 * @param {import("./suite.ts").Trial} trial
 */
async function runTrial(outfile, { name, cases, seconds: usual, rounds: usualRounds = 3 }) {
  const names = Object.keys(cases);
  const seconds = secondsWanted ?? usual;
  const rounds = [];
  for (let round = 0; round < (roundsWanted ?? usualRounds); round++) {
    /** @type {Record<string, Readonly<Record<string, number>>>} */
    const figures = {};
    for (let i = 0; i < names.length; i++) {
      const of = names[(i + round) % names.length] ?? "";
      const flags = cases[of]?.nodeFlags ?? [];
      const words = [outfile, name, of, String(seconds)];
      const { figures: its } = await runChild(`"${name}", ${of}`, flags, words, CASE_TIMEOUT_MS + 2000 * seconds);
      figures[of] = its;
    }
    rounds.push(figures);
  }
  return rounds;
}

/**
 * @param {string} bundle
 * @param {string} comparison
 * @param {string} peer
 * @returns {Promise<number>}
 */
async function measure(bundle, comparison, peer) {
  const what = titleOf(comparison, peer);
  const { figure } = await runChild(what, [], [bundle, comparison, peer], CASE_TIMEOUT_MS);
  return typeof figure === "number" ? figure : stop(`${what} gave ${String(figure)}, not a number`, 1);
}

/**
 * A figure of each case for each window: of processes that are open at the same time, in turns.
 *
 * @param {string} bundle
 * @param {import("./suite.ts").WindowedComparison} comparison
 * @param {readonly string[]} cases
 */
async function measureWindows(bundle, { name, windows }, cases) {
  const failed = (/** @type {string} */ peer) => (/** @type {Error} */ error) =>
    stop(`${titleOf(name, peer)} failed: ${error.message}`, 1);
  const children = [];
  for (const peer of cases)
    children.push(await openWindows(child, [bundle, name, peer], CASE_TIMEOUT_MS).catch(failed(peer)));
  const rounds = [];
  for (let i = 0; i < windows; i++) {
    /** @type {Record<string, number>} */
    const figures = {};
    for (let j = 0; j < cases.length; j++) {
      // There and back, and another one first: no case comes always after the same one.
      const at = ((i >> 1) + (i % 2 === 0 ? j : cases.length - 1 - j)) % cases.length;
      const peer = cases[at] ?? "";
      figures[peer] = (await children[at]?.window().catch(failed(peer))) ?? Number.NaN;
    }
    rounds.push(figures);
  }
  for (const { close } of children) close();
  return rounds;
}

/** @param {string} comparison @param {string} peer "" for ours. */
function titleOf(comparison, peer) {
  return `"${comparison}", ${peer === "" ? "ours" : peer}`;
}

/**
 * What the child prints last.
 *
 * @param {string} what
 * @param {readonly string[]} flags
 * @param {readonly string[]} words
 * @param {number} timeoutMs
 */
async function runChild(what, flags, words, timeoutMs) {
  const args = [...flags, "--expose-gc", child, ...words];
  const { stdout, stderr } = await run(process.execPath, args, { timeout: timeoutMs }).catch((error) =>
    stop(`${what} failed: ${error.killed ? `no figure after ${timeoutMs / 1000} s` : error.stderr}`, 1),
  );
  process.stderr.write(stderr); // what a case tells beside its figures
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  return JSON.parse(line, (_, value) => (value === "Infinity" ? Number.POSITIVE_INFINITY : value));
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        json: { type: "string" },
        rounds: { type: "string" },
        only: { type: "string" },
        seconds: { type: "string" },
      },
      allowPositionals: true,
    });
    const rounds = wholeOf("rounds", values.rounds, 100);
    const seconds = wholeOf("seconds", values.seconds, 86_400);
    // Found out now rather than after minutes of measuring.
    if (values.json !== undefined) mkdirSync(dirname(resolve(values.json)), { recursive: true });
    return { json: values.json, only: values.only ?? "", rounds, seconds, files: positionals };
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error), 2);
  }
}

/** @param {string} flag @param {string | undefined} text @param {number} most */
function wholeOf(flag, text, most) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  return stop(`--${flag} must be a whole number from 1 to ${most}, got ${text}`, 2);
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
