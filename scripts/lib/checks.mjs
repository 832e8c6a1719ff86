import { TURBO } from "./build.mjs";
import { runTool } from "./supervise.mjs";

/**
 * A check beside the tests: passes when all its commands exit with 0.
 *
 * @typedef {{ name: string, commands: readonly (readonly [string, ...string[]])[] }} Check
 */

/** @type {readonly Check[]} In this order: packages and docs need the build. */
export const CHECKS = [
  { name: "build", commands: [["turbo", ...TURBO, "build", "--continue"]] },
  { name: "lint", commands: [["biome", "ci", "--colors=off"]] },
  {
    name: "types",
    commands: [
      ["turbo", ...TURBO, "typecheck", "--continue"],
      ["tsc", "-p", "scripts"],
    ],
  },
  { name: "imports", commands: [["node", "scripts/check-imports.mjs"]] },
  { name: "unused", commands: [["knip"]] },
  { name: "packages", commands: [["node", "scripts/check-packages.mjs"]] },
  { name: "sizes", commands: [["size-limit"]] },
];

/**
 * Runs every check, also after one has failed, and prints a line for each; what a failed one printed follows its line.
 *
 * @param {readonly Check[]} checks
 * @param {import("./house.mjs").House} house
 * @returns {Promise<string[]>} Names of those that failed.
 */
export async function runChecks(checks, { root, env, say }) {
  /** @type {string[]} */
  const failed = [];
  for (const { name, commands } of checks) {
    const startedMs = performance.now();
    /** @type {string[]} */
    const details = [];
    for (const [command, ...args] of commands) {
      const { code, output } = await runTool(command, args, { cwd: root, env });
      if (code !== 0) details.push(`$ ${[command, ...args].join(" ")}  (exit code ${code})`, output.trim());
    }
    const verdict = details.length === 0 ? "ok    " : "FAILED";
    say(`${verdict} ${name.padEnd(8)} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    if (details.length > 0) {
      failed.push(name);
      say(`${details.join("\n")}\n`);
    }
  }
  return failed;
}
