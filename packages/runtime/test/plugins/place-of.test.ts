import { inRange } from "@pitlane/perf";
import { expect, test } from "vitest";
import { placeOf } from "../../src/plugins/place-of.ts";

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test("an error is placed at the first frame that is not ours", () => {
  expect(placeOf(new Error("own"))).toMatch(/^ at .*place-of\.test\.ts:\d+$/);
  expect(placeOf(errorOf(() => inRange("lots", -1, 0, 1)))).toMatch(/^ at .*place-of\.test\.ts:\d+$/); // thrown by perf
  expect(placeOf(errorOf(() => JSON.parse("{")))).toMatch(/^ at .*place-of\.test\.ts:\d+$/);
});

test.each([
  ["    at Object.setup (/desk/my strategy.ts:12:7)", " at /desk/my strategy.ts:12"],
  ["    at file:///desk/strategy.mjs:3:1", " at /desk/strategy.mjs:3"],
  ["    at async run (file:///desk/a.mjs:3:1)", " at /desk/a.mjs:3"],
  ["    at node:internal/process:1:1\n    at /desk/b.ts:9:2", " at /desk/b.ts:9"],
  ["    at x (/desk/node_modules/pitlane/dist/cli.js:1:1)", ""],
  ["    at x (/desk/packages/runtime/dist/cli.js:1:1)", ""],
  ["    at <anonymous>", ""],
])("a stack of %j is%j", (frames, place) => {
  expect(placeOf(Object.assign(new Error("x"), { stack: `Error: x\n${frames}` }))).toBe(place);
});

test("what is no error has no place", () => {
  for (const one of ["x", undefined, null, { stack: 1 }, Object.assign(new Error("x"), { stack: 7 })])
    expect(placeOf(one)).toBe("");
});
