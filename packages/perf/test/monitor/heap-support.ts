import fc from "fast-check";
import type { ByteSource } from "../../src/monitor/json-scanner.ts";

/** A node of a made-up heap: its type, name and size, and what it refers to. */
export interface FakeNode {
  readonly type?: string;
  readonly name: string;
  readonly bytes: number;
  readonly to?: readonly { readonly type?: string; readonly name: string | number; readonly node: number }[];
}

const NODE_TYPES = ["hidden", "array", "string", "object", "code", "closure", "native", "synthetic"];
const EDGE_TYPES = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

/** A heap snapshot as V8 writes it; ids are 1, 3, 5, ... */
export function snapshotOf(heap: readonly FakeNode[]): string {
  const strings: string[] = [];
  const numberOf = (text: string) => {
    const known = strings.indexOf(text);
    return known < 0 ? strings.push(text) - 1 : known;
  };
  const nodes = heap.map(({ type = "object", name, bytes, to = [] }, i) =>
    [NODE_TYPES.indexOf(type), numberOf(name), 2 * i + 1, bytes, to.length, 0, 0].join(","),
  );
  const edges = heap.flatMap(({ to = [] }) =>
    to.map(({ type = "property", name, node }) =>
      [EDGE_TYPES.indexOf(type), typeof name === "number" ? name : numberOf(name), 7 * node].join(","),
    ),
  );
  const meta = {
    node_fields: ["type", "name", "id", "self_size", "edge_count", "trace_node_id", "detachedness"],
    node_types: [NODE_TYPES, "string", "number", "number", "number", "number", "number"],
    edge_fields: ["type", "name_or_index", "to_node"],
    edge_types: [EDGE_TYPES, "string_or_number", "node"],
  };
  const header = { meta, node_count: nodes.length, edge_count: edges.length, trace_function_count: 0 };
  return `{"snapshot":${JSON.stringify(header)},\n"nodes":[${nodes.join("\n,")}],\n"edges":[${edges.join("\n,")}],
"trace_function_infos":[],"trace_tree":[],"samples":[],"locations":[0,1,2,3],
"strings":${asV8(strings)}}`;
}

/** V8 writes what is no ASCII as escapes. */
function asV8(strings: readonly string[]): string {
  return JSON.stringify(strings).replace(
    /[\u0080-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function sourceOf(text: string): ByteSource {
  const all = Buffer.from(text);
  return { bytes: all.length, read: (into, position) => all.copy(into, 0, position) };
}

/** Edges of a small graph: of each node, the nodes it leads to. Node 0 is the root. */
export function smallGraph(): fc.Arbitrary<readonly (readonly number[])[]> {
  return fc
    .integer({ min: 1, max: 9 })
    .chain((nodes) => fc.array(fc.array(fc.nat(nodes - 1), { maxLength: 4 }), { minLength: nodes, maxLength: nodes }));
}

/** Nodes that can be reached from node 0 without node `without`. */
export function reachable(graph: readonly (readonly number[])[], without = -1): Set<number> {
  const found = new Set(without === 0 ? [] : [0]);
  for (const node of found) for (const to of graph[node]!) if (to !== without) found.add(to);
  return found;
}
