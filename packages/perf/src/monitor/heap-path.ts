import { NO_NODE } from "./dominators.ts";
import type { HeapGraph } from "./heap-graph.ts";
import { edgeWords, holderName } from "./heap-names.ts";

const MOST_STEPS = 20;

/** A step towards the root from what is kept alive. */
export interface HeapHolder {
  /** What holds: a constructor, `function onQuote`, `(GC roots)`. */
  readonly name: string;
  /** By what of it: `.orders`, `[3]`, `variable book`, `internal table`. */
  readonly by: string;
}

/** What keeps an object alive: the shortest way to the root, one of several maybe. */
export interface HeapPath {
  /** Nearest first, 20 at most, without the root; empty when the root itself holds it, or nothing does. */
  readonly heldBy: readonly HeapHolder[];
  /** Steps beyond those. */
  readonly furtherSteps: number;
}

/** Finds the shortest way from the root to every node, and tells it of those that are asked for. Pure. */
export function shortestPaths(graph: HeapGraph): (node: number) => HeapPath {
  const { firstEdge, edgeTo } = graph;
  const from = new Uint32Array(firstEdge.length - 1).fill(NO_NODE);
  const queue = new Uint32Array(from.length);
  let waiting = 1; // the root is in the queue
  from[0] = 0;
  for (let next = 0; next < waiting; next++) {
    const node = queue[next]!;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      if (from[to] !== NO_NODE) continue;
      from[to] = node;
      queue[waiting++] = to;
    }
  }
  return (node) => {
    const heldBy: HeapHolder[] = [];
    let steps = 0;
    if (from[node] === NO_NODE) return { heldBy, furtherSteps: 0 };
    for (let at = node; from[at] !== 0; at = from[at]!) {
      if (++steps > MOST_STEPS) continue;
      const holder = from[at]!;
      heldBy.push({ name: holderName(graph, holder), by: edgeWords(graph, edgeBetween(graph, holder, at)) });
    }
    return { heldBy, furtherSteps: steps - heldBy.length };
  };
}

function edgeBetween({ firstEdge, edgeTo }: HeapGraph, from: number, to: number): number {
  return edgeTo.indexOf(to, firstEdge[from]);
}
