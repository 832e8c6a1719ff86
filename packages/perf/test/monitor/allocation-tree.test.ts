import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { type AllocationProfile, type FlameFrame, toAllocationTree } from "../../src/monitor/index.ts";

type Node = AllocationProfile["head"];

test("sums what callees allocated into their callers, the largest first, in bytes", () => {
  const { unit, root } = toAllocationTree(
    profileOf(
      node("(root)", "", 0, [
        node("small", "file:///app/main.ts", 100),
        node("main", "file:///app/my%20program.ts", 300, [node("parse", "file:///app/node_modules/p/index.js", 2_000)]),
        node("(V8 API)", "", 40),
      ]),
    ),
  );
  expect(unit).toBe("bytes");
  expect(outline(root)).toEqual([
    "(root) native self 0 total 2440",
    " main app self 300 total 2300",
    "  parse dependency self 2000 total 2000",
    " small app self 100 total 100",
    " (V8 API) native self 40 total 40",
  ]);
  expect(root.children[0]?.place).toBe("/app/my program.ts:1");
});

test("leaves out what kept nothing, but never the root", () => {
  const { root } = toAllocationTree(profileOf(node("(root)", "", 0, [node("idle", "", 0, [node("deeper", "", 0)])])));
  expect(outline(root)).toEqual(["(root) native self 0 total 0"]);
});

test("every byte is in exactly one frame, a frame has its own and those of its callees", () => {
  const nodes = fc.array(fc.record({ caller: fc.nat(), selfSize: fc.nat(5_000) }), { minLength: 1, maxLength: 15 });
  fc.assert(
    fc.property(nodes, (calls) => {
      const made = calls.map(({ selfSize }, i) => node(`f${i}`, "", selfSize));
      for (const [i, { caller }] of calls.entries()) if (i > 0) made[caller % i]!.children.push(made[i]!);
      const head = made[0]!;
      const { root } = toAllocationTree(profileOf(head));
      expect(root.total).toBe(calls.reduce((sum, { selfSize }) => sum + selfSize, 0));
      for (const frame of framesOf(root)) {
        expect(frame.total).toBe(frame.self + frame.children.reduce((sum, { total }) => sum + total, 0));
        expect(frame.children.map(({ total }) => total)).toEqual(
          frame.children.map(({ total }) => total).sort((a, b) => b - a),
        );
      }
      expect(framesOf(root).reduce((sum, { self }) => sum + self, 0)).toBe(root.total);
    }),
  );
});

test("a stack twenty thousand calls deep is no problem", () => {
  let head = node("leaf", "", 8);
  for (let depth = 0; depth < 20_000; depth++) head = node(`f${depth}`, "", 0, [head]);
  expect(toAllocationTree(profileOf(head)).root.total).toBe(8);
});

test("refuses what is no allocation profile", () => {
  const bad: unknown[] = [
    {},
    { head: null },
    { head: {} },
    profileOf(node("a", "", -1)),
    profileOf(node("a", "", Number.NaN)),
  ];
  bad.push({ head: { ...node("a", "", 1), children: [null] } }, { head: { ...node("a", "", 1), children: undefined } });
  for (const one of bad) expect(() => toAllocationTree(one as AllocationProfile)).toThrow(InvalidInputError);
});

function node(functionName: string, url: string, selfSize: number, children: Node[] = []): Node {
  const callFrame = { functionName, url, lineNumber: 0, columnNumber: 0, scriptId: "0" };
  return { callFrame, selfSize, children };
}

function profileOf(head: Node): AllocationProfile {
  return { head };
}

function framesOf(frame: FlameFrame): FlameFrame[] {
  return [frame, ...frame.children.flatMap(framesOf)];
}

function outline(frame: FlameFrame, depth = 0): string[] {
  const own = `${" ".repeat(depth)}${frame.name} ${frame.kind} self ${frame.self} total ${frame.total}`;
  return [own, ...frame.children.flatMap((child) => outline(child, depth + 1))];
}
