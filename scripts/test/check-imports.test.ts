import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findViolations, readWorkspace } from "../check-imports.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const SCRIPT = join(ROOT, "scripts/check-imports.mjs");

type Manifest = Readonly<Record<string, unknown>>;

const on = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "workspace:^"]));

/** A workspace where all is well; a test plants what it wants found. */
const CLEAN: Readonly<Record<string, Manifest>> = {
  "packages/perf": { name: "@pitlane/perf" },
  "packages/paper": { name: "@pitlane/paper", dependencies: on("@pitlane/perf") },
  "packages/sdk": { name: "@pitlane/sdk", dependencies: on("@pitlane/perf"), devDependencies: on("@pitlane/paper") },
  "packages/runtime": { name: "pitlane", dependencies: on("@pitlane/perf", "@pitlane/sdk", "@pitlane/paper") },
  "packages/plugins/one": {
    name: "@pitlane/plugin-one",
    peerDependencies: on("pitlane"),
    devDependencies: on("pitlane", "@pitlane/paper"),
  },
  "packages/plugins/two": { name: "@pitlane/plugin-two", dependencies: on("@pitlane/sdk") },
  "apps/docs": { name: "@pitlane/docs", private: true, devDependencies: on("pitlane", "@pitlane/plugin-one") },
  "examples/first": { name: "example-first", private: true, dependencies: on("pitlane") },
  bench: { name: "@pitlane/bench", private: true, devDependencies: on("@pitlane/sdk", "@pitlane/paper") },
};

function violationsOf(files: Readonly<Record<string, string>>, manifests: Readonly<Record<string, Manifest>> = {}) {
  const packages = Object.entries({ ...CLEAN, ...manifests }).map(([dir, manifest]) => ({
    dir,
    manifest: JSON.stringify(manifest, undefined, 2),
  }));
  const found = findViolations(
    packages,
    Object.entries(files).map(([path, text]) => ({ path, text })),
  );
  return found.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

test("finds nothing where imports go one way", () => {
  const found = violationsOf({
    "packages/perf/src/a.ts": 'import { b } from "./b.ts";\nimport fs from "node:fs";',
    "packages/paper/src/a.ts": 'import { inRange } from "@pitlane/perf";',
    "packages/sdk/src/deep/a.ts": 'import type { Clock } from "@pitlane/perf";\nexport * from "../b.ts";',
    "packages/sdk/test/a.test.ts": 'import { createPaper } from "@pitlane/paper";\nimport { b } from "../src/b.ts";',
    "packages/sdk/bench/a.ts": 'import { createPaper } from "@pitlane/paper";',
    "packages/runtime/src/a.ts": 'import "@pitlane/paper";\nimport "@pitlane/sdk/binance";\nimport "pitlane/testing";',
    "packages/plugins/one/src/a.ts": 'import { definePlugin } from "pitlane";',
    "packages/plugins/one/test/a.test.ts": 'import { createPaper } from "@pitlane/paper";',
    "apps/docs/src/a.ts": 'import "pitlane";\nimport "@pitlane/plugin-one";',
    "examples/first/strategy.ts": 'import { defineStrategy } from "pitlane";',
    "bench/a.ts": 'import "@pitlane/sdk";\nimport "@pitlane/paper";',
    "scripts/a.mjs": 'import "../packages/sdk/src/index.ts";',
  });
  expect(found).toEqual([]);
});

test.each([
  [
    "perf may import nothing of ours",
    "packages/perf/src/a.ts",
    "@pitlane/sdk",
    "@pitlane/perf may not import @pitlane/sdk",
  ],
  ["paper may not import sdk", "packages/paper/src/a.ts", "@pitlane/sdk", "it imports only perf"],
  ["paper's tests may not either", "packages/paper/test/a.test.ts", "@pitlane/sdk/binance", "it imports only perf"],
  ["sdk ships without paper", "packages/sdk/src/a.ts", "@pitlane/paper", "in test/ and bench/ only"],
  ["sdk may not import runtime", "packages/sdk/test/a.test.ts", "pitlane", "@pitlane/sdk may not import pitlane"],
  [
    "runtime may not import a plugin",
    "packages/runtime/test/a.test.ts",
    "@pitlane/plugin-one",
    "only perf, sdk, paper",
  ],
  ["a plugin ships without paper", "packages/plugins/one/src/a.ts", "@pitlane/paper", "in test/ and bench/ only"],
  ["a plugin may not import another", "packages/plugins/one/src/a.ts", "@pitlane/plugin-two", "may not import"],
  ["nothing imports an app", "packages/runtime/src/a.ts", "@pitlane/docs", "nothing may import @pitlane/docs"],
  ["nothing imports an example", "apps/docs/a.ts", "example-first", "nothing may import example-first"],
  ["nothing imports the root's bench", "examples/first/a.ts", "@pitlane/bench", "nothing may import @pitlane/bench"],
  ["a name is misspelt", "packages/sdk/src/a.ts", "@pitlane/pref", "there is no package @pitlane/pref"],
  [
    "an import is not declared",
    "bench/a.ts",
    "@pitlane/perf",
    'not declared: add it to bench/package.json with "workspace:^"',
  ],
])("finds that %s", (_rule, path, name, reason) => {
  const [found, ...more] = violationsOf({ [path]: `\n\nimport { x } from "${name}";\n` });
  expect(found).toContain(`${path}:3: `);
  expect(found).toContain(reason);
  expect(more).toEqual([]);
});

test.each([
  ["a static import", 'import x from "@pitlane/sdk";'],
  ["an import for its effects", 'import "@pitlane/sdk";'],
  ["an import of types", 'import type { X } from "@pitlane/sdk";'],
  ["an import of one type among values", 'import { type X } from "@pitlane/sdk";'],
  ["a re-export", 'export { x } from "@pitlane/sdk";'],
  ["a re-export of all", 'export * from "@pitlane/sdk";'],
  ["a re-export of types", 'export type { X } from "@pitlane/sdk";'],
  ["a dynamic import", 'const x = await import("@pitlane/sdk");'],
  ["an import inside a type", 'let x: import("@pitlane/sdk").X;'],
  ["a require", 'const x = require("@pitlane/sdk");'],
  ["an import with require", 'import x = require("@pitlane/sdk");'],
  ["an import after a template", "const a = `$" + '{1}`;\nimport x from "@pitlane/sdk/binance";'],
])("sees %s", (_kind, text) => {
  const found = violationsOf({ "packages/perf/src/a.ts": text });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain("@pitlane/perf may not import @pitlane/sdk");
});

test("takes no import for one that stands in a text or a comment", () => {
  const text = `const a = 'import "@pitlane/sdk"';\n// import "@pitlane/sdk"\n/* require("@pitlane/sdk") */\nconst b = \`import "@pitlane/sdk"\`;`;
  expect(violationsOf({ "packages/perf/src/a.ts": text })).toEqual([]);
});

test("finds imports by path that cross into another package, allowed ones too", () => {
  const found = violationsOf({
    "packages/sdk/src/a.ts": 'import { inRange } from "../../perf/src/index.ts";',
    "packages/plugins/one/test/a.test.ts": '\nimport "../../../runtime/src/index.ts";',
    "examples/first/a.ts": 'import manifest from "../../packages/sdk/package.json" with { type: "json" };',
  });
  expect(found).toEqual([
    "examples/first/a.ts:1: ../../packages/sdk/package.json reaches into packages/sdk: import @pitlane/sdk by its name, from what its package.json exports",
    "packages/plugins/one/test/a.test.ts:2: ../../../runtime/src/index.ts reaches into packages/runtime: import pitlane by its name, from what its package.json exports",
    "packages/sdk/src/a.ts:1: ../../perf/src/index.ts reaches into packages/perf: import @pitlane/perf by its name, from what its package.json exports",
  ]);
});

test("lets configs alone read the root's shared settings", () => {
  const text = 'import { library } from "../../tsup.base.ts";';
  expect(violationsOf({ "packages/sdk/tsup.config.ts": text, "packages/sdk/vitest.config.ts": text })).toEqual([]);
  expect(violationsOf({ "packages/sdk/src/tsup.config.ts": text.replace("../..", "../../..") })).toEqual([
    "packages/sdk/src/tsup.config.ts:1: ../../../tsup.base.ts leaves packages/sdk: move what is needed into a package and import it by name",
  ]);
  expect(violationsOf({ "packages/sdk/tsup.config.ts": 'import "../../scripts/x.ts";' })).toHaveLength(1);
});

test("lets benches alone read the form of a bench suite", () => {
  const text = 'import type { Suite } from "../../../scripts/bench/suite.ts";';
  expect(violationsOf({ "packages/sdk/bench/a.bench.ts": text, "bench/a.ts": text.replace("../../..", "..") })).toEqual(
    [],
  );
  expect(violationsOf({ "packages/sdk/test/a.test.ts": text })).toHaveLength(1);
});

test("finds shipped code that needs a development dependency", () => {
  const devOnly = { "packages/sdk": { name: "@pitlane/sdk", devDependencies: on("@pitlane/perf") } };
  const text = 'import "@pitlane/perf";';
  expect(violationsOf({ "packages/sdk/test/a.test.ts": text }, devOnly)).toEqual([]);
  expect(violationsOf({ "packages/sdk/src/a.ts": text }, devOnly)).toEqual([
    "packages/sdk/src/a.ts:1: @pitlane/perf is a development dependency, but this file ships: declare it under dependencies or peerDependencies",
  ]);
});

test.each(["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"])(
  "finds %s that go the wrong way",
  (kind) => {
    const two = { name: "@pitlane/plugin-two", [kind]: on("@pitlane/docs") };
    expect(violationsOf({}, { "packages/plugins/two": two })).toEqual([
      `packages/plugins/two/package.json:4: ${kind}: nothing may import @pitlane/docs: move what is needed into a package`,
    ]);
  },
);

test("finds a dependency on paper that sdk may have for development only", () => {
  const sdk = {
    name: "@pitlane/sdk",
    devDependencies: on("@pitlane/paper"),
    dependencies: on("@pitlane/perf", "@pitlane/paper"),
  };
  expect(violationsOf({}, { "packages/sdk": sdk })).toEqual([
    "packages/sdk/package.json:8: dependencies: @pitlane/sdk may use @pitlane/paper in test/ and bench/ only, as a development dependency: move the use there",
  ]);
});

test("finds dependencies on oneself and on packages that are not there", () => {
  const perf = { name: "@pitlane/perf", dependencies: on("@pitlane/perf"), devDependencies: on("@pitlane/gone") };
  expect(violationsOf({}, { "packages/perf": perf })).toEqual([
    "packages/perf/package.json:4: dependencies: @pitlane/perf depends on itself: remove it",
    "packages/perf/package.json:7: devDependencies: there is no package @pitlane/gone in the workspace: correct the name",
  ]);
});

test("finds circles, through development dependencies too", () => {
  const perf = { name: "@pitlane/perf", devDependencies: on("@pitlane/sdk") };
  const found = violationsOf({}, { "packages/perf": perf });
  expect(found).toContain(
    "packages/sdk/package.json:4: dependencies go in a circle, @pitlane/perf -> @pitlane/sdk -> @pitlane/perf: move what both need into a package both depend on",
  );
});

test("finds a package nobody made a rule for, and a package.json that is damaged", () => {
  expect(violationsOf({}, { "packages/new": { name: "@pitlane/new" } })).toEqual([
    "packages/new/package.json:2: there is no rule for what @pitlane/new may import: add its layer to scripts/check-imports.mjs",
  ]);
  expect(findViolations([{ dir: "packages/perf", manifest: "{" }], [])).toMatchObject([
    { path: "packages/perf/package.json", line: 1, message: expect.stringContaining("is not valid JSON") },
  ]);
});

test("our own tree is clean, and all of it is looked at", () => {
  const { packages, files } = readWorkspace(ROOT);
  expect(packages.map(({ dir }) => dir)).toEqual(
    expect.arrayContaining(["packages/perf", "packages/paper", "packages/sdk", "packages/runtime"]),
  );
  expect(files.some(({ path }) => path.startsWith("packages/sdk/src/"))).toBe(true);
  expect(files.some(({ path }) => /\/(?:node_modules|dist)\//.test(path))).toBe(false);
  expect(findViolations(packages, files)).toEqual([]);
});

test("as a program prints each violation and exits 1, or one line when all is well", () => {
  const root = mkdtempSync(join(tmpdir(), "check-imports-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [dir, manifest] of Object.entries(CLEAN)) write(`${dir}/package.json`, JSON.stringify(manifest));
  write("packages/perf/src/cache/a.ts", "export const a = 1;");
  write("packages/perf/node_modules/b/index.js", 'require("@pitlane/sdk");');
  write("packages/perf/dist/index.js", 'require("@pitlane/sdk");');
  mkdirSync(join(root, "scripts"));
  cpSync(SCRIPT, join(root, "scripts/check-imports.mjs"));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  const script = join(root, "scripts/check-imports.mjs");
  expect(execFileSync(process.execPath, [script], { encoding: "utf8" })).toBe(
    "imports go one way: 9 packages, 1 files\n",
  );

  write("packages/perf/src/cache/a.ts", 'import "@pitlane/sdk";');
  write("packages/paper/bench/a.mjs", 'import "pitlane";');
  const run = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(run.status).toBe(1);
  expect(run.stdout).toBe("");
  expect(run.stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^packages\/paper\/bench\/a\.mjs:1: @pitlane\/paper may not import pitlane, .+: move /),
    expect.stringMatching(
      /^packages\/perf\/src\/cache\/a\.ts:1: @pitlane\/perf may not import @pitlane\/sdk, .+: move /,
    ),
  ]);
});
