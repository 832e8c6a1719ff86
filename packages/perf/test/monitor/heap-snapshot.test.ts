import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { readHeapSnapshot } from "../../src/monitor/heap-snapshot.ts";
import { HeapTexts } from "../../src/monitor/heap-texts.ts";
import { JsonScanner } from "../../src/monitor/json-scanner.ts";
import { type FakeNode, snapshotOf, sourceOf } from "./heap-support.ts";

const HEAP: readonly FakeNode[] = [
  {
    type: "synthetic",
    name: "",
    bytes: 0,
    to: [
      { type: "element", name: 1, node: 1 },
      { type: "shortcut", name: "global", node: 1 },
    ],
  },
  {
    name: "Desk",
    bytes: 40,
    to: [
      { name: "book", node: 2 },
      { type: "weak", name: "seen", node: 3 },
      { type: "shortcut", name: "again", node: 3 },
    ],
  },
  { name: "Book", bytes: 24, to: [{ type: "context", name: "bids", node: 3 }] },
  { type: "string", name: 'a "quoted" \\ text, naïve 💰', bytes: 64 },
];

test("reads nodes and the edges that keep something alive", () => {
  const graph = readHeapSnapshot(sourceOf(snapshotOf(HEAP)));
  expect([...graph.nodeType].map((type) => graph.nodeTypes[type])).toEqual(["synthetic", "object", "object", "string"]);
  expect([...graph.selfBytes]).toEqual([0, 40, 24, 64]);
  expect([...graph.nodeName].map(graph.textOf)).toEqual(["", "Desk", "Book", 'a "quoted" \\ text, naïve 💰']);
  expect([...graph.firstEdge]).toEqual([0, 2, 3, 4, 4]);
  expect([...graph.edgeTo]).toEqual([1, 1, 2, 3]);
  expect([...graph.edgeType].map((type) => graph.edgeTypes[type])).toEqual([
    "element",
    "shortcut",
    "property",
    "context",
  ]);
});

test("a value of a WeakMap is held by its key, not by the map's table", () => {
  const pair = (index: number) => `${index} / part of key (Key @3) -> value (Value @7) pair in WeakMap (table @5)`;
  const graph = readHeapSnapshot(
    sourceOf(
      snapshotOf([
        { type: "synthetic", name: "", bytes: 0, to: [1, 2].map((node) => ({ type: "element", name: node, node })) },
        { name: "Key", bytes: 16, to: [{ type: "internal", name: pair(1), node: 3 }] },
        {
          type: "array",
          name: "table",
          bytes: 32,
          to: [
            { type: "internal", name: pair(9), node: 3 },
            { type: "internal", name: "map", node: 1 },
          ],
        },
        { name: "Value", bytes: 8 },
      ]),
    ),
  );
  expect([...graph.firstEdge]).toEqual([0, 2, 3, 4, 4]);
  expect([...graph.edgeTo]).toEqual([1, 2, 3, 1]);
});

test("refuses what is no heap snapshot, or only a part of one, and says where", () => {
  const text = snapshotOf(HEAP);
  const broken: readonly (readonly [string, RegExp])[] = [
    ["", /expected "{" at byte 0 of 0/],
    ["[]", /expected "{" at byte 0/],
    ["{}", /lacks nodes/],
    ['{"nodes":[1],"snapshot":{}}', /how many nodes/],
    [text.replace('"node_count":4', '"node_count":5'), /has 4 of the 5 nodes/],
    [text.replace('"node_count":4', '"node_count":3'), /more than the 3 nodes/],
    [text.replace('"node_count":4', '"node_count":4e9'), /how many nodes/],
    [text.replace('"edge_count":6', '"edge_count":7'), /do not have the 7 edges/],
    [text.replace('"self_size"', '"size"'), /no column self_size/],
    [text.replace(/"edges":\[1,1,7/, '"edges":[1,1,8'), /edge 0 .*does not fit/],
    [text.replace(/"edges":\[1,1,7/, '"edges":[1,1,700'), /edge 0 .*does not fit/],
    [text.replace(/"edges":\[1,/, '"edges":[99,'), /edge 0 .*does not fit/],
    [text.replace(/"nodes":\[7,/, '"nodes":[70,'), /node 0 .*no type/],
    [text.replace(/"nodes":\[7,/, '"nodes":[-7,'), /expected a whole number at byte/],
    [text.replace(/"strings":\[.*/s, '"strings":[]}'), /lacks/],
  ];
  for (const [one, message] of broken) {
    expect(() => readHeapSnapshot(sourceOf(one)), one.slice(0, 40)).toThrow(InvalidInputError);
    expect(() => readHeapSnapshot(sourceOf(one))).toThrow(message);
  }
  for (let length = 0; length < text.length; length++)
    expect(() => readHeapSnapshot(sourceOf(text.slice(0, length))), `the first ${length} bytes`).toThrow(
      InvalidInputError,
    );
});

test("numbers and texts are found whatever the pieces they come in", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.maxSafeNat()), { maxLength: 5 }),
      fc.array(fc.string({ unit: fc.constantFrom('"', "\\", "é", "💰", "\n", "a") }), { maxLength: 5 }),
      fc.jsonValue({ maxDepth: 2 }),
      fc.integer({ min: 1, max: 17 }),
      fc.constantFrom(undefined, 1),
      (rows, texts, other, chunkBytes, indent) => {
        const source = sourceOf(JSON.stringify({ rows: rows.flat(), other, again: other, texts }, null, indent));
        const scanner = new JsonScanner(source, chunkBytes);
        const found = { rows: [] as number[][], texts: new HeapTexts(source), again: undefined as unknown };
        scanner.object((key) => {
          if (key === "rows") scanner.rows(2, (row) => found.rows.push([...row]));
          else if (key === "texts") scanner.texts((position) => found.texts.add(position));
          else if (key === "again") found.again = scanner.value();
          else scanner.skip();
        });
        expect(found.rows).toEqual(rows);
        expect(found.again).toEqual(JSON.parse(JSON.stringify(other)));
        expect(found.texts.count).toBe(texts.length);
      },
    ),
  );
});

test("a text is looked up wherever it lies, and cut where it is long", () => {
  const written = [...Array.from({ length: 3_000 }, (_, i) => `${i} ${"é\n".repeat(i % 50)}`), "x".repeat(300), ""];
  const { textOf } = readHeapSnapshot(
    sourceOf(
      snapshotOf([{ type: "synthetic", name: "root", bytes: 0 }, ...written.map((name) => ({ name, bytes: 1 }))]),
    ),
  );
  for (const number of [3_000, 1, 2_999, 50, 49, 3_002]) expect(textOf(number)).toBe(written[number - 1]);
  expect(textOf(3_001)).toBe(`${"x".repeat(200)}…`);
  expect(() => textOf(4_000)).toThrow(/names a text 4000, and has 3003/);
});
