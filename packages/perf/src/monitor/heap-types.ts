import { type Dominators, NO_NODE } from "./dominators.ts";
import type { HeapGraph } from "./heap-graph.ts";
import { NO_TYPE, typeKey } from "./heap-names.ts";

/** What the objects of a type come to. */
export interface TypeTotals {
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  /** The node that retains most of them. */
  largest: number;
}

/** What each node retains, bytes: itself and all that it dominates. Pure. */
export function retainedSizes(selfBytes: Float64Array, { reached, dominator }: Dominators): Float64Array {
  const retainedBytes = selfBytes.slice();
  for (let i = reached.length - 1; i > 0; i--) {
    const node = reached[i]!; // after its dominator, so that all it dominates is in it by now
    retainedBytes[dominator[node]!]! += retainedBytes[node]!;
  }
  return retainedBytes;
}

/** Totals of each type; what an object retains within what another of its type retains counts once. Pure. */
export function retainedByType(graph: HeapGraph, dominators: Dominators, retainedBytes: Float64Array): TypeTotals[] {
  const types: TypeTotals[] = [];
  const typeOf = new Int32Array(graph.nodeType.length);
  const byKey = new Map<number, number>();
  for (let node = 0; node < typeOf.length; node++) {
    const key = typeKey(graph, node);
    let index = key === NO_TYPE ? NO_TYPE : byKey.get(key);
    if (index === undefined) {
      index = types.push({ count: 0, shallowBytes: 0, retainedBytes: 0, largest: node }) - 1;
      byKey.set(key, index);
    }
    typeOf[node] = index;
    if (index === NO_TYPE) continue;
    const type = types[index]!;
    type.count++;
    type.shallowBytes += graph.selfBytes[node]!;
    if (retainedBytes[node]! > retainedBytes[type.largest]!) type.largest = node;
  }
  const around = new Uint32Array(types.length); // how many of each type the walk is within
  walk(dominators, typeOf.length, (node, isEntered) => {
    const index = typeOf[node]!;
    if (index === NO_TYPE) return;
    if (!isEntered) around[index]!--;
    else if (around[index]!++ === 0) types[index]!.retainedBytes += retainedBytes[node]!;
  });
  return types;
}

/** Enters and leaves each node of the tree of dominators, those within it between; what was not reached, by itself. No recursion. */
function walk(
  { reached, dominator }: Dominators,
  nodes: number,
  visit: (node: number, isEntered: boolean) => void,
): void {
  const firstWithin = new Uint32Array(nodes).fill(NO_NODE);
  const nextBeside = new Uint32Array(nodes).fill(NO_NODE);
  for (let i = reached.length - 1; i > 0; i--) {
    const node = reached[i]!;
    nextBeside[node] = firstWithin[dominator[node]!]!;
    firstWithin[dominator[node]!] = node;
  }
  const root = reached[0]!;
  for (let node = root; node !== NO_NODE; ) {
    visit(node, true);
    let next = firstWithin[node]!;
    while (next === NO_NODE && node !== NO_NODE) {
      visit(node, false);
      next = nextBeside[node]!;
      if (next === NO_NODE) node = dominator[node]!;
    }
    node = next;
  }
  for (let node = 0; node < nodes; node++) {
    if (node === root || dominator[node] !== NO_NODE) continue;
    visit(node, true);
    visit(node, false);
  }
}
