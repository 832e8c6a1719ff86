import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { toRows, toTable, toTrialRows } from "../bench/compare.mjs";
import type { Case, Comparison, Peer, Trial } from "../bench/suite.ts";
import { createFolder } from "./programs.ts";

const UNUSED: Case = { value: () => Number.NaN };
const MAIN = join(import.meta.dirname, "../bench/main.mjs");

function comparisonOf(peers: Readonly<Record<string, Peer>>): Comparison {
  return { name: "push", unit: "ns/op", ours: UNUSED, peers };
}

test("takes a ratio within each round and gives their median, beside the median figures", () => {
  const comparison = comparisonOf({ denque: { case: UNUSED } });
  // The third round ran while the machine was slow: both sides were, so its ratio still counts.
  const rounds = [
    { "": 2, denque: 4 },
    { "": 3, denque: 5 },
    { "": 20, denque: 50 },
  ];
  expect(toRows(comparison, rounds)).toEqual([
    { name: "push", peer: "denque", ours: 3, theirs: 5, ratio: 0.5, unit: "ns/op", note: "aim 1x or less: held" },
  ]);
});

test("says whether an aim was missed, keeps the note, and judges nothing without an aim", () => {
  const comparison = comparisonOf({
    strict: { case: UNUSED, aim: 1.5, note: "theirs may lose items" },
    floor: { case: UNUSED, aim: null, note: "no queue at all" },
  });
  const rows = toRows(comparison, [{ "": 8, strict: 4, floor: 1 }]);
  expect(rows.map(({ note }) => note)).toEqual(["aim 1.5x or less: missed; theirs may lose items", "no queue at all"]);
});

test("prints rows under each other", () => {
  const rows = toRows(comparisonOf({ a: { case: UNUSED }, longer: { case: UNUSED, aim: null } }), [
    { "": 1, a: 2, longer: 123.4 },
  ]);
  expect(toTable(rows).split("\n")).toEqual([
    "what  peer    ours  theirs    ratio  unit   note",
    "push  a          1       2     0.5x  ns/op  aim 1x or less: held",
    "push  longer     1     123  0.0081x  ns/op",
  ]);
});

function setUp(suite: string) {
  const { root, write } = createFolder();
  write("some.bench.ts", suite);
  const file = join(root, "some.bench.ts");
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [MAIN, ...args, file]).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
  return { root, run, file, write };
}

test("measures a suite in processes of its own and writes the rows as JSON", async () => {
  const { root, run, file } = setUp(`
    const slow = { loop: () => async (n: number) => { let sum = 0; for (let i = 0; i < n * 50; i++) sum += Math.sqrt(i); return sum; } };
    const fast = { loop: () => (n: number) => { let sum = 0; for (let i = 0; i < n; i++) sum += Math.sqrt(i); return sum; } };
    export default { name: "some", comparisons: [
      { name: "roots", unit: "ns/op", rounds: 1, ours: slow, peers: { fast: { case: fast } } },
      { name: "given", unit: "ms", rounds: 3, ours: { value: async () => (process.pid === ${process.pid} ? 1 : 7) }, peers: { none: { case: { value: () => 1 } } } },
    ] };
  `);
  const json = join(root, "deep/out.json");
  expect(await run("--json", json)).toMatchObject({ code: 0, stdout: expect.stringContaining("roots  fast") });
  const { rows, machine } = JSON.parse(readFileSync(json, "utf8"));
  expect(machine.node).toBe(process.version);
  expect(rows.map((row: { name: string }) => row.name)).toEqual(["roots", "given"]);
  expect(Object.keys(rows[0])).toEqual(["name", "peer", "ours", "theirs", "ratio", "unit", "note"]);
  expect(rows[0].ratio).toBeGreaterThan(1);
  expect(rows[1].ours).toBe(7); // of another process than this one
  expect(readdirSync(dirname(file))).not.toContainEqual(expect.stringMatching(/^\.bundle/));
});

test("measures windows of open processes in turns", async () => {
  // Each tells when it began and who it is: a window begins after all before it have ended, and each case has one process for all.
  const { root, run } = setUp(`
    const tally = (path: string, step: number) => ({ open: async () => {
      const { appendFileSync } = await import("node:fs");
      let count = 0;
      return {
        window: async () => {
          appendFileSync(path, process.pid + " begins " + step + "\\n");
          await new Promise((resolve) => setImmediate(resolve));
          appendFileSync(path, process.pid + " ends " + step + "\\n");
          return ++count * step;
        },
        close: () => appendFileSync(path, process.pid + " closed " + step + "\\n"),
      };
    } });
    const path = new URL("../log", import.meta.url).pathname;
    export default { name: "some", comparisons: [
      { name: "steps", unit: "ms", rounds: 1, windows: 3, ours: tally(path, 2), peers: { p: { case: tally(path, 4) } } },
    ] };
  `);
  const { stdout, stderr } = await run();
  expect(stderr).toBe("");
  expect(stdout).toMatch(/steps {2}p {8}4 {7}8 {3}0\.5x/);
  const lines = readFileSync(join(root, "log"), "utf8")
    .split("\n")
    .filter((line) => / (begins|ends) /.test(line));
  expect(new Set(lines.map((line) => line.split(" ")[0])).size).toBe(2);
  expect(lines.map((line) => line.replace(/^\d+ /, ""))).toEqual(
    [2, 4, 4, 2, 4, 2].flatMap((step) => [`begins ${step}`, `ends ${step}`]),
  );
});

test("a window that fails ends the run and names the case", async () => {
  const { run } = setUp(`
    const good = { open: async () => ({ window: async () => 1, close: () => {} }) };
    const bad = { open: async () => ({ window: () => Promise.reject(new Error("the server went")), close: () => {} }) };
    export default { name: "some", comparisons: [{ name: "x", unit: "ms", windows: 2, ours: good, peers: { p: { case: bad } } }] };
  `);
  expect(await run()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^"x", p failed: [\s\S]*the server went/),
  });
});

test("runs several suites of one folder, each its own", async () => {
  const suite = (name: string) =>
    `const one = { value: () => 1 };
     export default { name: "${name}", comparisons: [{ name: "${name}", unit: "ms", rounds: 1, ours: one, peers: { p: { case: one } } }] };`;
  const { root, run, write } = setUp(suite("first"));
  write("other.bench.ts", suite("second"));
  const { stdout } = await run(join(root, "other.bench.ts"));
  expect(stdout).toMatch(/second\s+p[\s\S]*first\s+p/);
});

test("a case that throws ends the run and names the case", async () => {
  const { run } = setUp(`
    const broken = { loop: () => { throw new Error("no such peer"); } };
    export default { name: "some", comparisons: [{ name: "x", unit: "ns/op", ours: broken, peers: { p: { case: broken } } }] };
  `);
  expect(await run()).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^"x", ours failed: [\s\S]*no such peer/),
  });
});

test.each([
  [["--rounds", "0"], "--rounds must be a whole number from 1 to 100, got 0\n"],
  [["--only", "nothing"], 'nothing here is called "nothing"\n'],
])("refuses %s", async (args, stderr) => {
  const { run } = setUp('export default { name: "some", comparisons: [] };');
  expect(await run(...args)).toMatchObject({ code: 2, stderr });
});

const TRIAL: Trial = {
  name: "trip",
  units: { p50: "us", lost: "" },
  reference: "plain",
  seconds: 1,
  cases: {
    plain: { run: async () => ({}), targets: { lost: { atMost: 0 } } },
    ours: {
      run: async () => ({}),
      aims: { p50: { atMost: 0.9 } },
      targets: { p50: { atMost: 50 } },
      note: "all of it",
    },
    theirs: {
      run: async () => ({}),
      aims: { p50: { atLeast: 3.5 } },
      against: { ours: { p50: { atLeast: 3.5 } } },
    },
  },
};

test("a trial's figures stand beside the reference's, in ratios within rounds, and beside their targets", () => {
  const rounds = [
    { plain: { p50: 100, lost: 0 }, ours: { p50: 80, lost: 0 }, theirs: { p50: 300, lost: 0 } },
    { plain: { p50: 200, lost: 0 }, ours: { p50: 160, lost: 0 }, theirs: { p50: 700, lost: 0 } }, // the machine was slow
    { plain: { p50: 100, lost: 0 }, ours: { p50: 90, lost: 0 }, theirs: { p50: 320, lost: 0 } },
  ];
  const rows = toTrialRows(TRIAL, rounds).map(({ name, peer, ratio, note }) => [name, peer, ratio, note]);
  expect(rows).toEqual([
    ["trip: plain, lost", "target", 1, "aim 1x or less: held"],
    ["trip: plain, p50", "-", 1, ""],
    ["trip: ours, p50", "plain", 0.8, "aim 0.9x or less: held; all of it"],
    ["trip: ours, p50", "target", 1.8, "aim 1x or less: missed; all of it"],
    ["trip: ours, lost", "plain", 1, "all of it"],
    ["trip: theirs, p50", "plain", 3.2, "aim 3.5x or more: missed"],
    ["trip: theirs, p50", "ours", 3.75, "aim 3.5x or more: held"],
    ["trip: theirs, lost", "plain", 1, ""],
  ]);
});

test("a trial's cases run in processes of their own, with their flags, for as long as is asked", async () => {
  const { root, run } = setUp(`
    export default { name: "some", comparisons: [], trials: [{ name: "trial", units: { seconds: "s", flags: "" }, seconds: 60, rounds: 2, cases: {
      calm: { run: async (seconds: number) => ({ seconds, flags: process.execArgv.includes("--no-memory-reducer") ? 1 : 0 }), nodeFlags: ["--no-memory-reducer"], targets: { flags: { atLeast: 1 } } },
    } }] };
  `);
  const json = join(root, "out.json");
  expect(await run("--json", json, "--seconds", "2", "--rounds", "1")).toMatchObject({ code: 0 });
  const { rows } = JSON.parse(readFileSync(json, "utf8"));
  expect(rows.map((row: { name: string; ours: number; note: string }) => [row.name, row.ours, row.note])).toEqual([
    ["trial: calm, flags", 1, "aim 1x or more: held"],
    ["trial: calm, seconds", 2, ""],
  ]);
  expect(await run("--seconds", "none")).toMatchObject({ code: 2, stderr: expect.stringContaining("--seconds") });
});

test("prints a figure without an end as what it is", async () => {
  const { run } = setUp(`
    export default { name: "some", comparisons: [], trials: [{ name: "trial", units: { spread: "%" }, seconds: 1, cases: {
      wide: { run: async () => ({ spread: Number.POSITIVE_INFINITY }) },
    } }] };
  `);
  const { stdout } = await run();
  expect(stdout).toMatch(/trial: wide, spread +- +Infinity +Infinity +1x/);
});
