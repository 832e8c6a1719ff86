import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test as it } from "vitest";
import { test } from "../lib/test.mjs";
import { createTestHouse } from "./programs.ts";

const tests = (...statuses: string[]) => statuses.map((status, i) => ({ status, fullName: `does thing ${i}` }));

/** A house whose checks pass unless told otherwise, and whose vitest writes `report` and exits with `exitCode`. */
function setUp({
  report,
  exitCode = 0,
  ...programs
}: {
  report?: object;
  exitCode?: number;
  biome?: string;
  npx?: string;
}) {
  const pass = { turbo: "true", biome: "true", tsc: "true", node: "true", knip: "true", "size-limit": "true" };
  const vitest = `
    echo "$*" > vitest-arguments
    for argument; do case $argument in --outputFile.json=*) file="\${argument#*=}";; esac; done
    ${report === undefined ? "" : `cp report.json "$file"`}
    exit ${exitCode}`;
  const parts = createTestHouse({ pnpm: "exit 1", npx: "true", corepack: "exit 1", ...pass, ...programs, vitest });
  parts.write("package.json", JSON.stringify({ packageManager: "pnpm@10.34.9" }));
  parts.write("pnpm-lock.yaml", "");
  parts.write("report.json", JSON.stringify(report ?? {}));
  const vitestArguments = () => readFileSync(join(parts.root, "vitest-arguments"), "utf8").trim();
  return { ...parts, vitestArguments };
}

/** What vitest reports of a run with one file. */
const fileReport = (status: string, ...statuses: string[]) => ({
  testResults: [{ name: "/elsewhere/packages/sdk/test/a.test.ts", status, assertionResults: tests(...statuses) }],
});

it("ends with the sum of checks and tests, after the names of what was skipped", async () => {
  const { house, lines } = setUp({ report: fileReport("passed", "passed", "passed", "skipped") });
  expect(await test(house, [])).toBe(0);
  expect(lines.at(-2)).toMatch(/^skipped: .*packages\/sdk\/test\/a\.test\.ts: does thing 2$/);
  expect(lines.at(-1)).toBe("9 passed, 0 failed, 1 skipped");
});

it("fails when a test failed", async () => {
  const { house, lines } = setUp({ report: fileReport("failed", "passed", "failed"), exitCode: 1 });
  expect(await test(house, [])).toBe(1);
  expect(lines.at(-1)).toBe("8 passed, 1 failed, 0 skipped");
});

it("runs the tests although a check failed, and fails", async () => {
  const { house, lines } = setUp({ report: fileReport("passed", "passed"), biome: "exit 1" });
  expect(await test(house, [])).toBe(1);
  expect(lines).toContain("failed checks: lint");
  expect(lines.at(-1)).toBe("7 passed, 1 failed, 0 skipped");
});

it("fails when vitest crashed without a report", async () => {
  const { house, lines } = setUp({ exitCode: 134 });
  expect(await test(house, [])).toBe(1);
  expect(lines).toContain("vitest ended with exit code 134");
  expect(lines.at(-1)).toBe("7 passed, 1 failed, 0 skipped");
});

it("has its last line also when nothing could be installed", async () => {
  const { house, lines } = setUp({ npx: "exit 1" });
  expect(await test(house, [])).toBe(1);
  expect(lines.at(-2)).toContain("could not be installed");
  expect(lines.at(-1)).toBe("0 passed, 1 failed, 0 skipped");
});

it("gives the user's arguments to vitest and leaves no report behind", async () => {
  const { house, vitestArguments } = setUp({ report: fileReport("passed", "passed") });
  await test(house, ["--project", "sdk"]);
  expect(vitestArguments()).toMatch(/^run .* --project sdk$/);
  const report = /--outputFile\.json=(\S+)/.exec(vitestArguments())?.[1] ?? "";
  expect(report).not.toBe("");
  expect(existsSync(dirname(report))).toBe(false);
});
