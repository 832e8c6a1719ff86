/**
 * The objects of a heap and what refers to what, as columns: one row an object (`node`), one a reference (`edge`).
 *
 * Node 0 is the root. The edges of node `n` are those from `firstEdge[n]` to before `firstEdge[n + 1]`. Only edges that
 * keep their target alive are here; see `readHeapSnapshot`.
 */
export interface HeapGraph {
  /** What `nodeType` counts in: `object`, `string`, `closure`, ... */
  readonly nodeTypes: readonly string[];
  readonly nodeType: Uint8Array;
  /** Number of a text: an object's constructor, a function's name. */
  readonly nodeName: Uint32Array;
  /** Of the object itself, bytes; those of what it refers to are theirs. */
  readonly selfBytes: Float64Array;
  /** One longer than there are nodes. */
  readonly firstEdge: Uint32Array;
  /** What `edgeType` counts in: `property`, `element`, `context`, ... */
  readonly edgeTypes: readonly string[];
  readonly edgeType: Uint8Array;
  /** Number of a text, or the index itself where the type is `element` or `hidden`. */
  readonly edgeName: Uint32Array;
  readonly edgeTo: Uint32Array;
  /** The text of a number, cut after 200 characters. @throws {InvalidInputError} When there is none. */
  readonly textOf: (number: number) => string;
}
