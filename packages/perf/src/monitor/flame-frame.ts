/** Whose code a frame is: ours to change, a dependency's, Node's, the collector's, or V8's and the system's own. */
export type FrameKind = "app" | "dependency" | "node" | "gc" | "native";

/** What a tree adds up: microseconds of a CPU profile, or bytes of an allocation profile. */
export type FlameUnit = "us" | "bytes";

/** A function as it was called from one stack, with what it used; in the unit of its tree. */
export interface FlameFrame {
  readonly name: string;
  readonly kind: FrameKind;
  /** File and line, `packages/perf/src/clock.ts:21`; empty for what has no file. */
  readonly place: string;
  /** Of the function itself. */
  readonly self: number;
  /** Of it and all it called. */
  readonly total: number;
  /** Callees, the largest first; those that used nothing are left out. */
  readonly children: readonly FlameFrame[];
}

/** A profile as a tree: a frame for each function as it was called from one stack. */
export interface FlameTree {
  readonly unit: FlameUnit;
  /** All that was used; its children are what the event loop called. */
  readonly root: FlameFrame;
}

/** A function of a profile, as V8 names it. */
interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** Name, kind and place of a function. Pure. */
function describeCall({ functionName, url, lineNumber }: CallFrame): Pick<FlameFrame, "name" | "kind" | "place"> {
  return {
    name: functionName || "(anonymous)",
    kind: kindOf(functionName, url),
    place: url === "" ? "" : `${decodePath(url)}:${lineNumber + 1}`, // the protocol counts lines from 0
  };
}

/** A frame of `call` with its callees in order, and the sum of both. Pure. */
export function toFrame(call: CallFrame, self: number, callees: readonly FlameFrame[]): FlameFrame {
  const children = callees.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total);
  return { ...describeCall(call), self, total: children.reduce((sum, { total }) => sum + total, self), children };
}

function kindOf(functionName: string, url: string): FrameKind {
  if (functionName === "(garbage collector)") return "gc";
  if (url === "") return "native";
  if (url.startsWith("node:")) return "node";
  return /[\\/]node_modules[\\/]/.test(url) ? "dependency" : "app";
}

function decodePath(url: string): string {
  if (!url.startsWith("file://")) return url;
  const path = url.slice("file://".length);
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a stray "%": the address as it stands is still the best name
  }
}
