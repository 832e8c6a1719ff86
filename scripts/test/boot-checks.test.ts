import { expect, test } from "vitest";
import { CHECKS, type Check, runChecks } from "../lib/checks.mjs";
import { finalLine } from "../lib/test.mjs";
import { createTestHouse } from "./programs.ts";

function setUp() {
  const { house, lines } = createTestHouse({ good: "echo all well", bad: "echo it broke; echo here >&2; exit 3" });
  return { house, lines, run: (...checks: Check[]) => runChecks(checks, house) };
}

test("prints one timed line for each check that passes and nothing of its output", async () => {
  const { run, lines } = setUp();
  expect(await run({ name: "lint", commands: [["good"]] }, { name: "types", commands: [["good"], ["good"]] })).toEqual(
    [],
  );
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^ok {5}lint {5}\d+\.\d s$/);
  expect(lines[1]).toMatch(/^ok {5}types {4}\d+\.\d s$/);
});

test("shows what a failed check printed and runs the others all the same", async () => {
  const { run, lines } = setUp();
  const failed = await run(
    { name: "build", commands: [["bad", "--all"]] },
    { name: "lint", commands: [["good"]] },
    { name: "types", commands: [["bad"], ["good"]] },
  );
  expect(failed).toEqual(["build", "types"]);
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["FAILED", "$", "ok", "FAILED", "$"]);
  expect(lines[1]).toContain("$ bad --all  (exit code 3)\nit broke\nhere");
});

test("a tool that cannot be started fails its check", async () => {
  const { run, lines } = setUp();
  expect(await run({ name: "unused", commands: [["no-such-tool"]] })).toEqual(["unused"]);
  expect(lines[1]).toContain("no-such-tool could not be started");
});

test("npm test checks the build first, for the packages are made of it", () => {
  expect(CHECKS.map(({ name }) => name)).toEqual(["build", "lint", "types", "imports", "unused", "packages", "sizes"]);
});

test("the last line is what programs look for", () => {
  expect(finalLine(12, 0, 3)).toBe("12 passed, 0 failed, 3 skipped");
});
