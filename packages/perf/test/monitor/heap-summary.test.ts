import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { readHeapSnapshot } from "../../src/monitor/heap-snapshot.ts";
import { summarizeHeap } from "../../src/monitor/heap-summary.ts";
import { readHeapSummary } from "../../src/monitor/index.ts";
import { type FakeNode, reachable, smallGraph, snapshotOf, sourceOf } from "./heap-support.ts";

// The root holds a desk, the desk two books, each a list of levels of its own, and both a clock that they share.
const DESK: readonly FakeNode[] = [
  { type: "synthetic", name: "", bytes: 0, to: [{ type: "element", name: 1, node: 1 }] },
  { type: "synthetic", name: "(GC roots)", bytes: 0, to: [{ type: "element", name: 4, node: 2 }] },
  {
    name: "Desk",
    bytes: 10,
    to: [
      { name: "first", node: 3 },
      { name: "second", node: 4 },
    ],
  },
  {
    name: "Book",
    bytes: 20,
    to: [
      { name: "levels", node: 5 },
      { name: "clock", node: 7 },
    ],
  },
  {
    name: "Book",
    bytes: 20,
    to: [
      { name: "levels", node: 6 },
      { name: "clock", node: 7 },
    ],
  },
  { name: "Array", bytes: 100 },
  { name: "Array", bytes: 300 },
  { type: "closure", name: "now", bytes: 5, to: [{ type: "context", name: "secret", node: 8 }] },
  { type: "string", name: "do not show", bytes: 7 },
  { name: "Array", bytes: 1, to: [{ name: "self", node: 9 }] }, // nothing leads to it
];

test("tells count, own size and retained size of each type, and what holds the largest", () => {
  const summary = summarize(DESK);
  expect(summary).toMatchObject({ totalBytes: 463, objects: 10, references: 10, typeCount: 5 });
  expect(summary.types.map(({ largest, ...type }) => ({ ...type, largestBytes: largest.retainedBytes }))).toEqual([
    { name: "Desk", count: 1, shallowBytes: 10, retainedBytes: 462, largestBytes: 462 },
    { name: "Book", count: 2, shallowBytes: 40, retainedBytes: 440, largestBytes: 320 },
    { name: "Array", count: 3, shallowBytes: 401, retainedBytes: 401, largestBytes: 300 },
    { name: "Function", count: 1, shallowBytes: 5, retainedBytes: 12, largestBytes: 12 },
    { name: "(string)", count: 1, shallowBytes: 7, retainedBytes: 7, largestBytes: 7 },
  ]);
  const heldBy = Object.fromEntries(summary.types.map(({ name, largest }) => [name, largest.heldBy]));
  expect(heldBy["Array"]).toEqual([
    { name: "Book", by: ".levels" },
    { name: "Desk", by: ".second" },
    { name: "(GC roots)", by: "[4]" },
  ]);
  expect(heldBy["(string)"]?.[0]).toEqual({ name: "function now", by: "variable secret" });
  expect(JSON.stringify(summary)).not.toContain("do not show");
});

test("an object within another of its type counts once in what the type retains", () => {
  const list = (depth: number): FakeNode[] => [
    { type: "synthetic", name: "", bytes: 0, to: [{ name: "list", node: 1 }] },
    ...Array.from({ length: depth }, (_, i) => ({
      name: "Link",
      bytes: 2,
      to: i + 1 < depth ? [{ name: "next", node: i + 2 }] : [],
    })),
  ];
  const { types } = summarize(list(10_000));
  expect(types).toMatchObject([{ name: "Link", count: 10_000, shallowBytes: 20_000, retainedBytes: 20_000 }]);
  expect(types[0]?.largest).toMatchObject({ retainedBytes: 20_000, heldBy: [] });
});

test("a long way to the root is cut, and says how much of it", () => {
  const chain: FakeNode[] = Array.from({ length: 30 }, (_, i) => ({
    name: `T${i}`,
    bytes: 1,
    to: i < 29 ? [{ name: `to${i + 1}`, node: i + 1 }] : [],
  }));
  const last = summarize(chain).types.find(({ name }) => name === "T29");
  expect(last?.largest.heldBy).toHaveLength(20);
  expect(last?.largest.heldBy[0]).toEqual({ name: "T28", by: ".to29" });
  expect(last?.largest.furtherSteps).toBe(8);
});

test("lists those that lead by retained size, by own size and by count", () => {
  const heap: FakeNode[] = [
    { type: "synthetic", name: "", bytes: 0, to: [1, 3, 4, 5].map((node) => ({ type: "element", name: node, node })) },
    { name: "Retains", bytes: 1, to: [{ name: "big", node: 2 }] },
    { name: "Large", bytes: 500 },
    { name: "Many", bytes: 3 },
    { name: "Many", bytes: 3 },
    { name: "Other", bytes: 4 },
  ];
  const { typeCount, types } = summarize(heap, 1);
  expect(typeCount).toBe(4);
  expect(types.map(({ name }) => name)).toEqual(["Retains", "Large", "Many"]);
  expect(() => summarize(heap, 0)).toThrow(InvalidInputError);
});

test("an object retains what cannot be reached without it", () => {
  fc.assert(
    fc.property(smallGraph(), fc.array(fc.nat(1_000), { minLength: 9, maxLength: 9 }), (graph, sizes) => {
      // Every node is a type of its own, so that the type's figures are the node's.
      const heap = graph.map((to, i) => ({
        name: `T${i}`,
        bytes: sizes[i]!,
        to: to.map((node, index) => ({ type: "element", name: index, node })),
      }));
      const all = reachable(graph);
      const sum = (nodes: Iterable<number>) => [...nodes].reduce((bytes, node) => bytes + sizes[node]!, 0);
      for (const { name, retainedBytes, largest } of summarize(heap).types) {
        const node = Number(name.slice(1));
        const gone = all.has(node) ? [...all].filter((other) => !reachable(graph, node).has(other)) : [node];
        expect([name, retainedBytes]).toEqual([name, sum(gone)]);
        expect(largest.retainedBytes).toBe(sum(gone));
      }
    }),
  );
});

test("a snapshot that Node writes has the planted objects, with their sizes and their holders", async () => {
  const path = await snapshotOfChild(`
    class PlantedBook { constructor() { this.bytes = Buffer.alloc(100_000); } }
    class PlantedKey {}
    const plant = () => {
      globalThis.plantedShelf = { books: Array.from({ length: 7 }, () => new PlantedBook()) };
      globalThis.plantedKeys = Array.from({ length: 3 }, () => new PlantedKey());
      globalThis.plantedValues = new WeakMap(plantedKeys.map((key) => [key, Buffer.alloc(50_000)]));
    };
    plant()`);
  const { types, totalBytes, objects } = readHeapSummary(path, { most: 1_000 });
  const book = types.find(({ name }) => name === "PlantedBook")!;
  expect(book.count).toBe(7);
  expect(book.shallowBytes).toBeLessThan(7 * 200);
  expect(book.retainedBytes).toBeGreaterThan(700_000);
  expect(book.retainedBytes).toBeLessThan(720_000);
  expect(book.largest.heldBy.slice(0, 3)).toEqual([
    { name: "Array", by: expect.stringMatching(/^\[\d\]$/) },
    { name: "Object", by: ".books" },
    { name: "global", by: ".plantedShelf" },
  ]);
  // With its key a WeakMap's value would go.
  const key = types.find(({ name }) => name === "PlantedKey")!;
  expect(key.retainedBytes).toBeGreaterThan(150_000);
  expect(key.retainedBytes).toBeLessThan(160_000);
  expect(totalBytes).toBeGreaterThan(850_000);
  expect(objects).toBeGreaterThan(10_000);
  expect(types.find(({ name }) => name === "(string)")!.count).toBeGreaterThan(1_000);
});

test("a file that is too long or is not there is told", async () => {
  const folder = await newFolder();
  const path = join(folder, "small.heapsnapshot");
  await writeFile(path, snapshotOf(DESK));
  expect(readHeapSummary(path).objects).toBe(10);
  expect(() => readHeapSummary(path, { mostBytes: 100 })).toThrow(/more than the 0 MiB .* open it in Chrome/);
  expect(() => readHeapSummary(join(folder, "none.heapsnapshot"))).toThrow(/ENOENT/);
});

function summarize(heap: readonly FakeNode[], most = 50) {
  return summarizeHeap(readHeapSnapshot(sourceOf(snapshotOf(heap))), { most });
}

/** A heap snapshot of a small program: that of the tests' own process would have a hundred times as much. */
async function snapshotOfChild(program: string): Promise<string> {
  const path = join(await newFolder(), "child.heapsnapshot");
  const script = `${program}; require("node:v8").writeHeapSnapshot(${JSON.stringify(path)});`;
  await promisify(execFile)(process.execPath, ["-e", script]);
  return path;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pitlane-heap-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
