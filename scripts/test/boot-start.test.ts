import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { start } from "../lib/start.mjs";
import { createFolder, createTestHouse } from "./programs.ts";

const PROGRAM = `
  import { writeFileSync } from "node:fs";
  writeFileSync("seen.json", JSON.stringify({
    args: process.argv.slice(2), cwd: process.cwd(), parent: process.ppid, launcher: Number(process.env.PITLANE_LAUNCHER_PID),
  }));
  process.exitCode = 4;
`;

function setUp() {
  const parts = createTestHouse({ pnpm: "exit 1", npx: "true", turbo: "true" });
  parts.write("package.json", JSON.stringify({ packageManager: "pnpm@10.34.9" }));
  parts.write("pnpm-lock.yaml", "");
  parts.write("packages/runtime/package.json", "{}");
  parts.write("packages/plugins/README.md", "");
  parts.write("packages/runtime/bin/pitlane.mjs", PROGRAM);
  const userFolder = createFolder().root;
  const seen = () => JSON.parse(readFileSync(join(userFolder, "seen.json"), "utf8"));
  return { house: { ...parts.house, userFolder }, lines: parts.lines, userFolder, seen };
}

test("becomes `pitlane start` with the user's arguments, in the user's folder, with its exit code", async () => {
  const { house, userFolder, seen } = setUp();
  expect(await start(house, ["--duration", "20s", "--json", "out file.json"])).toBe(4);
  expect(seen()).toMatchObject({ args: ["start", "--duration", "20s", "--json", "out file.json"], cwd: userFolder });
});

test("names itself to the program, which leaves when its launcher dies", async () => {
  const { house, seen } = setUp();
  await start(house, []);
  expect(seen()).toMatchObject({ parent: process.pid, launcher: process.pid });
});

test("installs and builds the first time and says nothing the second", async () => {
  const { house, lines } = setUp();
  await start(house, []);
  expect(lines).toEqual(["Installing dependencies (npx pnpm@10.34.9) ...", "Building ..."]);
  await start(house, []);
  expect(lines).toHaveLength(2);
});
