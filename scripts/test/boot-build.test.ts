import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureBuilt, packageFolders } from "../lib/build.mjs";
import { createTestHouse } from "./programs.ts";

function setUp(build = 'mkdir -p packages/sdk/dist && echo built >> log && echo "$*" > packages/sdk/dist/index.js') {
  const parts = createTestHouse({ turbo: build });
  for (const folder of ["packages/sdk", "packages/plugins/strategies"]) {
    parts.write(`${folder}/package.json`, "{}");
    parts.write(`${folder}/src/index.ts`, "export {};");
    parts.write(`${folder}/test/index.test.ts`, "");
  }
  const builds = () =>
    existsSync(join(parts.root, "log")) ? readFileSync(join(parts.root, "log"), "utf8").split("\n").length - 1 : 0;
  return { ...parts, builds };
}

test("finds packages and plugins, not the folder that holds the plugins", () => {
  const { root } = setUp();
  expect(packageFolders(root)).toEqual(["packages/sdk", "packages/plugins/strategies"]);
});

test("builds what a run needs, once", async () => {
  const { house, root, builds, lines } = setUp();
  await ensureBuilt(house);
  await ensureBuilt(house);
  expect(builds()).toBe(1);
  expect(lines).toEqual(["Building ..."]);
  const turboArguments = readFileSync(join(root, "packages/sdk/dist/index.js"), "utf8");
  expect(turboArguments).toContain("--filter=pitlane... --filter=@pitlane/plugin-strategies...");
});

test.each([
  "packages/sdk/src/index.ts",
  "packages/sdk/src/new.ts",
  "packages/plugins/strategies/package.json",
  "tsup.base.ts",
  "pnpm-lock.yaml",
])("builds again when %s changes", async (path) => {
  const { house, write, builds } = setUp();
  await ensureBuilt(house);
  write(path, "changed");
  await ensureBuilt(house);
  expect(builds()).toBe(2);
});

test("an edited test builds nothing", async () => {
  const { house, write, builds } = setUp();
  await ensureBuilt(house);
  write("packages/sdk/test/index.test.ts", "changed");
  write("packages/sdk/bench/book.bench.ts", "changed");
  await ensureBuilt(house);
  expect(builds()).toBe(1);
});

test("builds again when the results were deleted or written over", async () => {
  const { house, root, builds } = setUp();
  await ensureBuilt(house);
  rmSync(join(root, "packages/sdk/dist"), { recursive: true });
  await ensureBuilt(house);
  expect(builds()).toBe(2);
  appendFileSync(join(root, "packages/sdk/dist/index.js"), "tampered");
  await ensureBuilt(house);
  expect(builds()).toBe(3);
});

test("a source edited while the build runs is built by the next start", async () => {
  const { house, builds } = setUp(
    "mkdir -p packages/sdk/dist && echo built >> log && echo edited >> packages/sdk/src/index.ts",
  );
  await ensureBuilt(house);
  await ensureBuilt(house);
  expect(builds()).toBe(2);
});

test("a failed build shows its output and is tried again", async () => {
  const { house, builds } = setUp("echo built >> log; echo 'src/index.ts: broken' >&2; exit 1");
  await expect(ensureBuilt(house)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/^src\/index\.ts: broken\n\nThe build failed/),
  });
  await expect(ensureBuilt(house)).rejects.toThrow("The build failed");
  expect(builds()).toBe(2);
});
