import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InvalidInputError, integerInRange } from "../errors.ts";
import { dominatorsOf } from "./dominators.ts";
import type { HeapGraph } from "./heap-graph.ts";
import { typeName } from "./heap-names.ts";
import { type HeapPath, shortestPaths } from "./heap-path.ts";
import { readHeapSnapshot } from "./heap-snapshot.ts";
import { retainedByType, retainedSizes, type TypeTotals } from "./heap-types.ts";

/** What is on a heap, by type. */
export interface HeapSummary {
  /** Of all objects, bytes. Of memory outside V8's heap it has what V8 knows of, buffers above all. */
  readonly totalBytes: number;
  readonly objects: number;
  /** References that keep something alive. */
  readonly references: number;
  /** How many types there are; `types` may have fewer. */
  readonly typeCount: number;
  /** The types that retain most, are largest themselves or have most objects; by `retainedBytes`, most first. */
  readonly types: readonly HeapType[];
}

/** Objects of one constructor, or of one of V8's own kinds: `(string)`, `(array)`, `(compiled code)`, `Function`, `(system)`. */
export interface HeapType {
  readonly name: string;
  readonly count: number;
  /** Of the objects themselves, bytes. */
  readonly shallowBytes: number;
  /**
   * What each of them alone keeps alive, itself with it, bytes. One that another of its type retains counts once; what is
   * held by two of them, and would go only with both, is in neither.
   */
  readonly retainedBytes: number;
  /** The one object of the type that retains most. */
  readonly largest: HeapPath & { readonly retainedBytes: number };
}

export interface HeapSummaryOptions {
  /** Types to list by each of the three orders, 1 to 1,000; together there may be three times as many. Default 50. */
  readonly most?: number;
}

/**
 * Adds the objects of a heap up by type, with what each type retains and what holds its largest object. Pure.
 *
 * O(m log n) for n objects and m references; takes about 60 bytes an object and 4 a reference meanwhile. What belongs to
 * the root itself (GC roots, handles, the stack) is of no type. An object to which no reference leads that keeps it alive retains
 * itself alone. Types are named as in Chrome's view, but all objects without a class of their own are one type, `Object`.
 *
 * @throws {InvalidInputError} When `most` is out of range, or the graph lacks a text that it names.
 */
export function summarizeHeap(graph: HeapGraph, { most = 50 }: HeapSummaryOptions = {}): HeapSummary {
  integerInRange("most", most, 1, 1_000);
  const dominators = dominatorsOf(graph.firstEdge, graph.edgeTo);
  const retainedBytes = retainedSizes(graph.selfBytes, dominators);
  const types = retainedByType(graph, dominators, retainedBytes);
  const paths = shortestPaths(graph);
  const toType = ({ largest, count, shallowBytes, retainedBytes: all }: TypeTotals): HeapType => ({
    name: typeName(graph, largest),
    count,
    shallowBytes,
    retainedBytes: all,
    largest: { retainedBytes: retainedBytes[largest]!, ...paths(largest) },
  });
  return {
    totalBytes: graph.selfBytes.reduce((sum, bytes) => sum + bytes, 0),
    objects: graph.selfBytes.length,
    references: graph.edgeTo.length,
    typeCount: types.length,
    types: leading(types, most).map(toType),
  };
}

/** Those that lead by any of the three, by what they retain. */
function leading(types: readonly TypeTotals[], most: number): TypeTotals[] {
  const chosen = new Set<TypeTotals>();
  for (const by of ["retainedBytes", "shallowBytes", "count"] as const)
    for (const type of types.toSorted((a, b) => b[by] - a[by]).slice(0, most)) chosen.add(type);
  return [...chosen].sort((a, b) => b.retainedBytes - a.retainedBytes);
}

export interface HeapFileOptions extends HeapSummaryOptions {
  /** Longest file that is read, bytes. Default 512 MiB. */
  readonly mostBytes?: number;
}

/**
 * The summary of a `.heapsnapshot` file, of ours or of `node --heapsnapshot-signal`.
 *
 * Takes the thread for as long as it reads, and about twice as much memory as the file is long: call it in a thread or process that may wait, not in the
 * one that trades.
 *
 * @throws {InvalidInputError} When the file is too long, is no heap snapshot or only a part of one.
 * @throws The system's error when it cannot be read.
 * @example
 * for (const { name, count, retainedBytes } of readHeapSummary("heap.heapsnapshot").types.slice(0, 10))
 *   console.log(name, count, retainedBytes);
 */
export function readHeapSummary(
  path: string,
  { mostBytes = 512 * 2 ** 20, ...options }: HeapFileOptions = {},
): HeapSummary {
  const file = openSync(path, "r");
  try {
    const bytes = fstatSync(file).size;
    if (bytes > mostBytes)
      throw new InvalidInputError(
        `the heap snapshot has ${mib(bytes)} MiB, more than the ${mib(mostBytes)} MiB that are read here: open it in Chrome (F12, Memory, Load profile)`,
      );
    const read = (into: Uint8Array, position: number) => readSync(file, into, 0, into.length, position);
    return summarizeHeap(readHeapSnapshot({ bytes, read }), options);
  } finally {
    closeSync(file);
  }
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
