import { relative } from "node:path";

/**
 * @typedef {object} TestCounts
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} skipped Names of the tests that did not run, with their file.
 */

/**
 * Counts what vitest's JSON report says happened.
 *
 * More than its own totals: a file that failed before its first test counts as one failure, and so does a run that ended
 * badly without naming a failed test (unhandled errors, a crash, no tests at all, no report).
 *
 * @param {string | undefined} text The report; undefined when vitest wrote none.
 * @param {number} exitCode Vitest's.
 * @param {string} root Names of files are given relative to it.
 * @returns {TestCounts}
 */
export function countTests(text, exitCode, root) {
  const files = filesOf(text);
  const counts = { passed: 0, failed: 0, skipped: /** @type {string[]} */ ([]) };
  for (const { name, status, assertionResults } of files) {
    const failedBefore = counts.failed;
    for (const test of assertionResults) {
      if (test.status === "passed") counts.passed++;
      else if (test.status === "failed") counts.failed++;
      else counts.skipped.push(`${relative(root, name)}: ${test.fullName.trim()}`);
    }
    if (status === "failed" && counts.failed === failedBefore) counts.failed++;
  }
  const ranNothing = counts.passed + counts.failed === 0;
  if (counts.failed === 0 && (exitCode !== 0 || ranNothing)) counts.failed = 1;
  return counts;
}

/**
 * @param {string | undefined} text
 * @returns {{ name: string, status: string, assertionResults: { status: string, fullName: string }[] }[]}
 */
function filesOf(text) {
  if (text === undefined) return [];
  try {
    return JSON.parse(text).testResults;
  } catch {
    return []; // cut off by a crash: counted as a failed run by the caller
  }
}
