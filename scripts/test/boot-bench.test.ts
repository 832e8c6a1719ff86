import { expect, test } from "vitest";
import { chooseBench, listBenches } from "../lib/bench.mjs";
import { createFolder } from "./programs.ts";

function setUp() {
  const { root, write } = createFolder();
  for (const folder of ["packages/sdk", "packages/plugins/strategies"]) write(`${folder}/package.json`, "{}");
  return { root, write };
}

test("names benchmarks of packages, one by one and together, of plugins and of the bench workspace", () => {
  const { root, write } = setUp();
  write("packages/sdk/bench/order-book.bench.ts", "");
  write("packages/sdk/bench/decode.bench.ts", "");
  write("packages/sdk/bench/fixture.ts", "");
  write("packages/plugins/strategies/bench/momentum.bench.ts", "");
  write("bench/http-clients.ts", "");
  write("bench/vitest.config.ts", "");
  expect([...listBenches(root)]).toEqual([
    ["http-clients", ["bench/http-clients.ts"]],
    ["sdk", ["packages/sdk/bench/decode.bench.ts", "packages/sdk/bench/order-book.bench.ts"]],
    ["sdk/decode", ["packages/sdk/bench/decode.bench.ts"]],
    ["sdk/order-book", ["packages/sdk/bench/order-book.bench.ts"]],
    ["strategies/momentum", ["packages/plugins/strategies/bench/momentum.bench.ts"]],
  ]);
});

test("chooses by name", () => {
  const files = ["packages/sdk/bench/decode.bench.ts"];
  expect(chooseBench(new Map([["sdk/decode", files]]), "sdk/decode")).toBe(files);
});

test.each([
  [undefined, /^Say which benchmark to run: .*There are:\n {2}sdk\/decode$/s],
  ["--json", /^Say which benchmark to run/],
  ["sdk/decod", /^There is no benchmark "sdk\/decod": .*There are:\n {2}sdk\/decode$/s],
])("asked for %s, lists what there is", (name, message) => {
  const benches = new Map([["sdk/decode", ["file"]]]);
  expect(() => chooseBench(benches, name)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(message), exitCode: 2 }),
  );
});

test("says so when there are none", () => {
  const { root } = setUp();
  expect(() => chooseBench(listBenches(root), "x")).toThrow("There are none yet.");
});
