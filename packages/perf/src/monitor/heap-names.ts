import type { HeapGraph } from "./heap-graph.ts";

/** Names of V8's own kinds of objects, as Chrome's view of a heap has them. */
const KINDS: Readonly<Record<string, string>> = {
  hidden: "(system)",
  code: "(compiled code)",
  closure: "Function",
  regexp: "RegExp",
};

/** No node of the root itself (GC roots, stack, handles) is of a type. */
export const NO_TYPE = -1;

/** A number for the type of a node: two nodes have the same when they are of one type. Pure. */
export function typeKey({ nodeTypes, nodeType, nodeName }: HeapGraph, node: number): number {
  const kind = nodeType[node]!;
  const word = nodeTypes[kind];
  if (word === "synthetic") return NO_TYPE;
  return word === "object" || word === "native" ? nodeTypes.length + nodeName[node]! : kind;
}

/** The type of a node: the constructor of an object, or V8's kind. The text of a string is never part of it. Pure. */
export function typeName({ nodeTypes, nodeType, nodeName, textOf }: HeapGraph, node: number): string {
  const word = nodeTypes[nodeType[node]!]!;
  return word === "object" || word === "native"
    ? textOf(nodeName[node]!) || "(no constructor)"
    : (KINDS[word] ?? `(${word})`);
}

/** A node as what holds another: as its type, a function and a part of the root by name. Pure. */
export function holderName(graph: HeapGraph, node: number): string {
  const word = graph.nodeTypes[graph.nodeType[node]!];
  const own = () => graph.textOf(graph.nodeName[node]!);
  if (word === "closure") return `function ${own() || "(anonymous)"}`;
  return word === "synthetic" || word === "hidden" ? own() || typeName(graph, node) : typeName(graph, node);
}

/** A reference, as a person would write it: `.orders`, `[3]`, `variable book`, `internal table`. Pure. */
export function edgeWords({ edgeTypes, edgeType, edgeName, textOf }: HeapGraph, edge: number): string {
  const name = edgeName[edge]!;
  switch (edgeTypes[edgeType[edge]!]) {
    case "element":
      return `[${name}]`;
    case "hidden":
      return `hidden ${name}`;
    case "context":
      return `variable ${textOf(name)}`;
    case "internal": {
      const text = textOf(name);
      return / \/ part of key /.test(text) ? "value in a WeakMap" : `internal ${text}`;
    }
    default:
      return `.${textOf(name)}`;
  }
}
