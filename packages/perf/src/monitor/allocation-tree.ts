import { InvalidInputError } from "../errors.ts";
import { type FlameFrame, type FlameTree, toFrame } from "./flame-frame.ts";
import type { AllocationProfile } from "./profiler.ts";

/** An allocation profile as a tree of bytes that were alive at its end. */
export interface AllocationTree extends FlameTree {
  readonly unit: "bytes";
}

type AllocationNode = AllocationProfile["head"];

/**
 * Adds an allocation profile up to a tree: who allocated what was still alive when the profile ended. Pure.
 *
 * V8 notes one allocation in so many bytes and scales what it noted up, so the figures are estimates: a function that
 * allocated less than the profile's interval may be missing, or stand for more than it took. Source:
 * `SamplingHeapProfile` in the Chrome DevTools Protocol, domain HeapProfiler.
 *
 * @throws {InvalidInputError} When the profile has no nodes, or one without a function or a size.
 * @example
 * const { root } = toAllocationTree(JSON.parse(await readFile(path, "utf8")));
 * console.log(root.total, root.children[0]?.name);
 */
export function toAllocationTree({ head }: AllocationProfile): AllocationTree {
  const callersFirst = [head];
  const firstCallee: number[] = [];
  for (let i = 0; i < callersFirst.length; i++) {
    const node = callersFirst[i] as AllocationNode;
    if (!isNode(node))
      throw new InvalidInputError("an allocation profile needs nodes with callFrame, selfSize and children");
    firstCallee.push(callersFirst.length);
    for (const child of node.children) callersFirst.push(child);
  }
  // Callees first, without recursion: the file may come from anywhere. The callees of a node lie side by side.
  const frames: FlameFrame[] = [];
  for (let i = callersFirst.length - 1; i >= 0; i--) {
    const { callFrame, selfSize, children } = callersFirst[i] as AllocationNode;
    const from = firstCallee[i] as number;
    frames[i] = toFrame(callFrame, selfSize, frames.slice(from, from + children.length));
  }
  return { unit: "bytes", root: frames[0] as FlameFrame };
}

function isNode(node: Partial<AllocationNode> | null | undefined): boolean {
  return (
    typeof node?.callFrame?.functionName === "string" &&
    typeof node.callFrame.url === "string" &&
    Number.isFinite(node.selfSize) &&
    (node.selfSize as number) >= 0 &&
    Array.isArray(node.children)
  );
}
