import { resolve } from "node:path";
import { bench } from "./bench.mjs";
import { createHouse } from "./house.mjs";
import { screenshots } from "./screenshots.mjs";
import { start } from "./start.mjs";
import { Stop } from "./stop.mjs";
import { test } from "./test.mjs";
import { testProgram } from "./test-program.mjs";

/** @type {Readonly<Record<string, (house: import("./house.mjs").House, args: readonly string[]) => Promise<number>>>} */
const COMMANDS = {
  start,
  test,
  bench,
  // The dashboard's views of a real session: `--out DIR`, `--seconds N`.
  screenshots,
  // Every fault of the paper exchange on every operation of the SDK: `--only TEXT`, `--json FILE`, `--markdown FILE`.
  matrix: testProgram("packages/sdk/test/faults/main.ts"),
  // A trading session, killed again and again: `--kills N`, `--seed S`, `--faults`, `--folder DIR`, `--json FILE`.
  crashtest: testProgram("packages/runtime/test/crash/main.ts"),
};

/**
 * Runs one command of the boot script: `start`, `test`, `bench`, `screenshots`, `matrix` or `crashtest`, with its arguments.
 *
 * @param {readonly string[]} argv
 * @returns {Promise<number>} The exit code of the process: the program's own, 2 for bad usage, 1 when something of ours failed.
 */
export async function boot([name, ...args]) {
  // The test's lines are its result; elsewhere stdout belongs to the program that is run.
  const out = name === "test" ? process.stdout : process.stderr;
  try {
    const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined)
      throw new Stop(`Usage: node scripts/boot.mjs ${Object.keys(COMMANDS).join("|")} [arguments]`, 2);
    const root = resolve(import.meta.dirname, "../..");
    return await command(
      createHouse(root, process.env, process.cwd(), (line) => out.write(`${line}\n`)),
      args,
    );
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message !== "") process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}
