import fc from "fast-check";
import { expect, test } from "vitest";
import { dominatorsOf, NO_NODE } from "../../src/monitor/dominators.ts";
import { reachable, smallGraph } from "./heap-support.ts";

test("a node that two ways lead to is dominated where they part", () => {
  // 0 -> 1 -> {2, 3} -> 4 -> 5 -> 1; 6 leads to 4 and nothing to 6
  const { dominator, reached } = dominatorsFrom([[1], [2, 3], [4], [4], [5], [1], [4]]);
  expect([...dominator]).toEqual([NO_NODE, 0, 1, 1, 1, 4, NO_NODE]);
  expect([...reached].sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("the graph of Lengauer and Tarjan's paper has the tree of their figure 2", () => {
  const names = "RABCDEFGHIJKL";
  const edges = "RA RB RC AD BA BD BE CF CG DL EH FI GI GJ HE HK IK JI KI KR LH".split(" ");
  const graph = [...names].map((from) =>
    edges.filter((edge) => edge[0] === from).map((edge) => names.indexOf(edge[1]!)),
  );
  const { dominator } = dominatorsFrom(graph);
  const tree = [...names].slice(1).map((name, i) => `${names[dominator[i + 1]!]}${name}`);
  expect(tree).toEqual("RA RB RC RD RE CF CG RH RI GJ RK DL".split(" "));
});

test("a dominator is a node without which the other cannot be reached, the nearest of those", () => {
  fc.assert(
    fc.property(smallGraph(), (graph) => {
      const { dominator, reached } = dominatorsFrom(graph);
      const all = reachable(graph);
      expect(new Set(reached)).toEqual(all);
      expect([...dominator]).toEqual(graph.map((_, node) => nearestDominator(graph, all, node)));
      const order = [...reached];
      for (const node of order.slice(1)) expect(order.indexOf(dominator[node]!)).toBeLessThan(order.indexOf(node));
    }),
    { numRuns: 300 },
  );
});

test("a list of 200,000 links, each with a way back, takes no recursion and no quadratic time", () => {
  const nodes = 200_000;
  const firstEdge = Uint32Array.from({ length: nodes + 1 }, (_, node) => 2 * Math.min(node, nodes));
  const edgeTo = Uint32Array.from({ length: 2 * nodes }, (_, edge) =>
    edge % 2 === 0 ? Math.min(edge / 2 + 1, nodes - 1) : Math.max((edge - 1) / 2 - 1, 0),
  );
  const { dominator } = dominatorsOf(firstEdge, edgeTo);
  expect(dominator[0]).toBe(NO_NODE);
  expect(dominator.subarray(1).every((above, i) => above === i)).toBe(true);
});

/** By taking each node away in turn: slow, and plain enough to be right. */
function nearestDominator(graph: readonly (readonly number[])[], all: ReadonlySet<number>, node: number): number {
  if (node === 0 || !all.has(node)) return NO_NODE;
  const dominates = (above: number, below: number) => above === below || !reachable(graph, above).has(below);
  const strict = [...all].filter((other) => other !== node && dominates(other, node));
  return strict.find((near) => strict.every((other) => dominates(other, near)))!;
}

function dominatorsFrom(graph: readonly (readonly number[])[]) {
  const firstEdge = new Uint32Array(graph.length + 1);
  for (const [node, to] of graph.entries()) firstEdge[node + 1] = firstEdge[node]! + to.length;
  return dominatorsOf(firstEdge, Uint32Array.from(graph.flat()));
}
