import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKS, runChecks } from "./checks.mjs";
import { ensureInstalled } from "./install.mjs";
import { Stop, signalExitCode } from "./stop.mjs";
import { supervise } from "./supervise.mjs";
import { countTests } from "./vitest-report.mjs";

/**
 * `npm test -- ARGS`: the checks, then the tests of the whole workspace (ARGS go to vitest), then one line that sums both up.
 *
 * @param {import("./house.mjs").House} terminal
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0 when nothing failed, 1 otherwise.
 */
export async function test(terminal, args) {
  // Some tools colour whatever they write to; in a log that makes their findings hard to read.
  const house = process.stdout.isTTY ? terminal : { ...terminal, env: { NO_COLOR: "1", ...terminal.env } };
  try {
    await ensureInstalled(house);
  } catch (error) {
    if (!(error instanceof Stop) || error.message === "") throw error;
    house.say(error.message);
    house.say(finalLine(0, 1, 0));
    return 1;
  }
  const failedChecks = await runChecks(CHECKS, house);
  const tests = await runVitest(house, args);

  for (const name of tests.skipped) house.say(`skipped: ${name}`);
  if (failedChecks.length > 0) house.say(`failed checks: ${failedChecks.join(", ")}`);
  const failed = tests.failed + failedChecks.length;
  house.say(finalLine(tests.passed + CHECKS.length - failedChecks.length, failed, tests.skipped.length));
  return failed === 0 ? 0 : 1;
}

/**
 * The last line of `npm test`, made to be read by programs too.
 *
 * @param {number} passed
 * @param {number} failed
 * @param {number} skipped
 */
export function finalLine(passed, failed, skipped) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * @param {import("./house.mjs").House} house
 * @param {readonly string[]} args
 */
async function runVitest({ root, env, say }, args) {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  try {
    const { code, stoppedBy } = await supervise("vitest", ["run", ...reporters, ...args], { cwd: root, env });
    if (stoppedBy !== undefined) throw new Stop("", signalExitCode(stoppedBy));
    const counts = countTests(existsSync(report) ? readFileSync(report, "utf8") : undefined, code, root);
    if (code !== 0) say(`vitest ended with exit code ${code}`);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
