import { expect, test } from "vitest";
import { countTests } from "../lib/vitest-report.mjs";

const ROOT = "/pitlane";

function report(...files: { name?: string; status?: string; tests: readonly string[] }[]): string {
  return JSON.stringify({
    testResults: files.map(({ name = "/pitlane/packages/sdk/test/a.test.ts", status = "passed", tests }) => ({
      name,
      status,
      assertionResults: tests.map((outcome, i) => ({ status: outcome, fullName: ` group test ${i}` })),
    })),
  });
}

test("adds up passed and failed tests over all files", () => {
  const text = report({ tests: ["passed", "passed"] }, { status: "failed", tests: ["failed", "passed", "failed"] });
  expect(countTests(text, 1, ROOT)).toEqual({ passed: 3, failed: 2, skipped: [] });
});

test("names what did not run, with its file", () => {
  const text = report({
    name: "/pitlane/packages/paper/test/ccxt.test.ts",
    tests: ["passed", "skipped", "pending", "todo"],
  });
  const { passed, failed, skipped } = countTests(text, 0, ROOT);
  expect({ passed, failed }).toEqual({ passed: 1, failed: 0 });
  expect(skipped).toEqual([1, 2, 3].map((i) => `packages/paper/test/ccxt.test.ts: group test ${i}`));
});

test("a file that fails before its first test counts as a failure", () => {
  expect(countTests(report({ status: "failed", tests: [] }, { tests: ["passed"] }), 1, ROOT)).toMatchObject({
    passed: 1,
    failed: 1,
  });
});

test("a run that ended badly without a failed test (unhandled errors) counts as a failure", () => {
  expect(countTests(report({ tests: ["passed"] }), 1, ROOT)).toMatchObject({ passed: 1, failed: 1 });
});

test("failed tests are not counted again for the exit code they cause", () => {
  expect(countTests(report({ status: "failed", tests: ["failed"] }), 1, ROOT).failed).toBe(1);
});

test.each([
  ["no report was written", undefined],
  ["the report is cut off", '{"testResults":[{"na'],
  ["nothing ran", report()],
  ["everything was skipped", report({ tests: ["skipped"] })],
])("when %s, something failed", (_, text) => {
  expect(countTests(text, 0, ROOT)).toMatchObject({ passed: 0, failed: 1 });
});
