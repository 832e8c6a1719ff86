import { expect, test } from "vitest";
import { tarballProblems } from "../lib/tarball.mjs";

const FILES = ["LICENSE", "README.md", "package.json", "dist/index.js", "dist/testing.js", "schema/report.schema.json"];
const MANIFEST = {
  exports: { ".": { import: { types: "./dist/index.d.ts", default: "./dist/index.js" } } },
  dependencies: { "@pitlane/perf": "^0.1.0", ws: "8.23.0" },
};

test("finds nothing wrong with a package that has what users need and no more", () => {
  expect(tarballProblems(FILES, MANIFEST)).toEqual([]);
});

test.each(["LICENSE", "README.md"])("misses the %s", (name) => {
  const problems = tarballProblems(
    FILES.filter((file) => file !== name),
    MANIFEST,
  );
  expect(problems).toEqual([expect.stringContaining(`${name} is missing`)]);
});

test.each(["src/index.ts", "test/index.js", "bench/book.bench.ts", "dist/book.test.js"])("objects to %s", (file) => {
  expect(tarballProblems([...FILES, file], MANIFEST)).toEqual([expect.stringContaining(file)]);
});

test("objects to the source condition, however deep", () => {
  const exports = { ".": { node: { "@pitlane/source": "./src/index.ts", default: "./dist/index.js" } } };
  expect(tarballProblems(FILES, { ...MANIFEST, exports })).toEqual([expect.stringContaining("@pitlane/source")]);
});

test.each([
  ["dependencies", "workspace:^"],
  ["peerDependencies", "workspace:*"],
  ["devDependencies", "catalog:"],
  ["optionalDependencies", "catalog:"],
])("objects to %s with %s", (kind, range) => {
  expect(tarballProblems(FILES, { ...MANIFEST, [kind]: { pitlane: range } })).toEqual([
    expect.stringContaining(`pitlane is "${range}"`),
  ]);
});
