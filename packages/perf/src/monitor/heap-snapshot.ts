import { InvalidInputError } from "../errors.ts";
import type { HeapGraph } from "./heap-graph.ts";
import { HeapTexts } from "./heap-texts.ts";
import { type ByteSource, JsonScanner } from "./json-scanner.ts";

const MOST_EPHEMERON_TEXT = 1_000;

/** What the file says of its own columns. */
interface Layout {
  readonly nodes: number;
  readonly edges: number;
  readonly nodeFields: readonly string[];
  readonly nodeTypes: readonly string[];
  readonly edgeFields: readonly string[];
  readonly edgeTypes: readonly string[];
}

/**
 * Reads the graph of a heap snapshot, as V8 writes it to a `.heapsnapshot`.
 *
 * The file is read from end to end once, a MiB at a time; texts are left in it and looked up. The graph takes about
 * 25 bytes an object, 9 a reference and 8 a text: less than the file. What does not keep an object alive is left out, as in
 * Chrome's view: weak references, V8's shortcuts to what the root reaches otherwise, and references from a WeakMap's table to
 * a value that its key holds. Source: `HeapSnapshotJSONSerializer` in V8's heap-snapshot-generator.cc.
 *
 * @throws {InvalidInputError} When it is no heap snapshot, or a part of one. The message says where it goes wrong.
 */
export function readHeapSnapshot(source: ByteSource): HeapGraph {
  const scanner = new JsonScanner(source);
  let layout: Layout | undefined;
  let nodes: NodeColumns | undefined;
  let edges: EdgeColumns | undefined;
  const texts = new HeapTexts(source);
  scanner.object((key) => {
    if (key === "snapshot") layout = toLayout(scanner.value(), source.bytes);
    else if (key === "nodes" && layout !== undefined) nodes = readNodes(scanner, layout);
    else if (key === "edges" && layout !== undefined && nodes !== undefined) edges = readEdges(scanner, layout, nodes);
    else if (key === "strings") scanner.texts((position) => texts.add(position));
    else scanner.skip();
  });
  if (layout === undefined || nodes === undefined || edges === undefined || texts.count === 0)
    throw new InvalidInputError("the file is no whole heap snapshot: it lacks nodes, edges or strings; take it again");
  const { nodeTypes, edgeTypes } = layout;
  const kept = withoutWeakValues(edges, nodes.id, edgeTypes.indexOf("internal"), texts);
  const { type: nodeType, name: nodeName, selfBytes } = nodes;
  return { nodeTypes, nodeType, nodeName, selfBytes, edgeTypes, ...kept, textOf: (number) => texts.textOf(number) };
}

interface NodeColumns {
  readonly type: Uint8Array;
  readonly name: Uint32Array;
  /** V8's own number of the object. */
  readonly id: Uint32Array;
  readonly selfBytes: Float64Array;
  readonly edges: Uint32Array;
}

type EdgeColumns = Pick<HeapGraph, "firstEdge" | "edgeType" | "edgeName" | "edgeTo">;

function toLayout(header: unknown, bytes: number): Layout {
  const { meta, node_count, edge_count } = (header ?? {}) as Record<string, unknown>;
  const { node_fields, node_types, edge_fields, edge_types } = (meta ?? {}) as Record<string, unknown>;
  const layout = {
    nodes: node_count,
    edges: edge_count,
    nodeFields: node_fields,
    nodeTypes: Array.isArray(node_types) ? node_types[0] : undefined,
    edgeFields: edge_fields,
    edgeTypes: Array.isArray(edge_types) ? edge_types[0] : undefined,
  };
  const isList = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === "string");
  const isCount = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= bytes;
  if (!isCount(layout.nodes) || !isCount(layout.edges) || layout.nodes === 0)
    throw new InvalidInputError(
      "the file is no heap snapshot: its header does not say how many nodes and edges it has",
    );
  if (![layout.nodeFields, layout.nodeTypes, layout.edgeFields, layout.edgeTypes].every(isList))
    throw new InvalidInputError("the file is no heap snapshot: its header does not say what its columns are");
  return layout as Layout;
}

function column(fields: readonly string[], name: string): number {
  const at = fields.indexOf(name);
  if (at < 0) throw new InvalidInputError(`the heap snapshot has no column ${name}: it is of another version of V8`);
  return at;
}

function readNodes(scanner: JsonScanner, { nodes, edges, nodeFields, nodeTypes }: Layout): NodeColumns {
  const [type, name, id, self, edgeCount] = ["type", "name", "id", "self_size", "edge_count"].map((field) =>
    column(nodeFields, field),
  ) as [number, number, number, number, number];
  const columns: NodeColumns = {
    type: new Uint8Array(nodes),
    name: new Uint32Array(nodes),
    id: new Uint32Array(nodes),
    selfBytes: new Float64Array(nodes),
    edges: new Uint32Array(nodes),
  };
  let node = 0;
  scanner.rows(nodeFields.length, (row) => {
    if (node === nodes) throw new InvalidInputError(`the heap snapshot has more than the ${nodes} nodes it speaks of`);
    if (row[type]! >= nodeTypes.length) throw new InvalidInputError(`node ${node} of the heap snapshot is of no type`);
    columns.type[node] = row[type]!;
    columns.name[node] = row[name]!;
    columns.id[node] = row[id]!;
    columns.selfBytes[node] = row[self]!;
    columns.edges[node++] = row[edgeCount]!;
  });
  if (node < nodes) throw new InvalidInputError(`the heap snapshot has ${node} of the ${nodes} nodes it speaks of`);
  if (columns.edges.reduce((sum, count) => sum + count, 0) !== edges)
    throw new InvalidInputError(`the nodes of the heap snapshot do not have the ${edges} edges it speaks of`);
  return columns;
}

/** The edges that keep something alive, as far as their type tells. */
function readEdges(scanner: JsonScanner, layout: Layout, nodes: NodeColumns): EdgeColumns {
  const { edges, edgeFields, edgeTypes, nodeFields } = layout;
  const [type, name, to] = ["type", "name_or_index", "to_node"].map((field) => column(edgeFields, field)) as [
    number,
    number,
    number,
  ];
  const weak = edgeTypes.indexOf("weak");
  const shortcut = edgeTypes.indexOf("shortcut");
  const kept = {
    firstEdge: new Uint32Array(layout.nodes + 1),
    edgeType: new Uint8Array(edges),
    edgeName: new Uint32Array(edges),
    edgeTo: new Uint32Array(edges),
  };
  let node = 0;
  let left = nodes.edges[0]!;
  let read = 0;
  let count = 0;
  scanner.rows(edgeFields.length, (row) => {
    for (; left === 0 && node < layout.nodes; left = nodes.edges[node] ?? 0) kept.firstEdge[++node] = count;
    const target = row[to]! / nodeFields.length; // the file counts the nodes' fields, not the nodes
    if (
      read++ === edges ||
      node === layout.nodes ||
      !Number.isInteger(target) ||
      target >= layout.nodes ||
      row[type]! >= edgeTypes.length
    )
      throw new InvalidInputError(`edge ${read - 1} of the heap snapshot does not fit its nodes`);
    left--;
    if (row[type] === weak || (row[type] === shortcut && node !== 0)) return;
    kept.edgeType[count] = row[type]!;
    kept.edgeName[count] = row[name]!;
    kept.edgeTo[count++] = target;
  });
  if (read < edges) throw new InvalidInputError(`the heap snapshot has ${read} of the ${edges} edges it speaks of`);
  kept.firstEdge.fill(count, node + 1);
  return cut(kept, count);
}

function cut({ firstEdge, edgeType, edgeName, edgeTo }: EdgeColumns, count: number): EdgeColumns {
  return {
    firstEdge,
    edgeType: edgeType.subarray(0, count),
    edgeName: edgeName.subarray(0, count),
    edgeTo: edgeTo.subarray(0, count),
  };
}

/**
 * Without the edges from a WeakMap's table to its values, in place.
 *
 * V8 writes a value as held by table and key alike, by edges of the same text; but with its key it would go, so the key holds it.
 */
function withoutWeakValues(edges: EdgeColumns, id: Uint32Array, internal: number, texts: HeapTexts): EdgeColumns {
  const { firstEdge, edgeType, edgeName, edgeTo } = edges;
  const tables = new Map<number, number>(); // number of a text to the table it speaks of, -1 when to none
  const tableOf = (text: number) => {
    let table = tables.get(text);
    if (table === undefined) {
      table = Number(
        / \/ part of key \(.*pair in WeakMap \(table @(\d+)\)$/.exec(texts.textOf(text, MOST_EPHEMERON_TEXT))?.[1] ??
          -1,
      );
      tables.set(text, table);
    }
    return table;
  };
  let count = 0;
  for (let node = 0, edge = 0; node < id.length; node++) {
    for (const end = firstEdge[node + 1]!; edge < end; edge++) {
      if (edgeType[edge] === internal && tableOf(edgeName[edge]!) === id[node]) continue;
      edgeType[count] = edgeType[edge]!;
      edgeName[count] = edgeName[edge]!;
      edgeTo[count++] = edgeTo[edge]!;
    }
    firstEdge[node + 1] = count;
  }
  return cut(edges, count);
}
