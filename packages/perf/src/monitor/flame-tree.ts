import { InvalidInputError } from "../errors.ts";
import type { CpuProfile } from "./profiler.ts";

/** Whose code a frame is: ours to change, a dependency's, Node's, the collector's, or V8's and the system's own. */
export type FrameKind = "app" | "dependency" | "node" | "gc" | "native";

/** A function as it was called from one stack, with the time spent there. */
export interface FlameFrame {
  readonly name: string;
  readonly kind: FrameKind;
  /** File and line, `packages/perf/src/clock.ts:21`; empty for what has no file. */
  readonly place: string;
  /** Time in the function itself, microseconds. */
  readonly selfUs: number;
  /** Time in it and all it called, microseconds. */
  readonly totalUs: number;
  /** Callees, longest first; those without time are left out. */
  readonly children: readonly FlameFrame[];
}

/** A CPU profile as a tree of time. */
export interface FlameTree {
  /** The whole busy time; its children are what the event loop called. */
  readonly root: FlameFrame;
  /** Time in which the thread had nothing to do, microseconds; not in `root`. */
  readonly idleUs: number;
}

type ProfileNode = CpuProfile["nodes"][number];

/**
 * Adds the samples of a CPU profile up to a tree. Pure.
 *
 * A sample stands for the time until the next one, the last for the time until the end; V8 stamps samples out of order at
 * times, and such a step counts as no time. Source: `Profile` in the Chrome DevTools Protocol, domain Profiler.
 *
 * @throws {InvalidInputError} When the profile lacks samples or times, or a sample names a node that is not there.
 */
export function toFlameTree(profile: CpuProfile): FlameTree {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  if (samples.length !== timeDeltas.length || nodes.length === 0)
    throw new InvalidInputError("a CPU profile needs nodes, samples and as many timeDeltas");
  const selfUs = sampledTimes(profile);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of selfUs.keys())
    if (!byId.has(id)) throw new InvalidInputError(`the profile's samples name a node ${id}, which it does not have`);

  // Callees first, without recursion: stacks can be deeper than ours may grow.
  const frames = new Map<number, FlameFrame>();
  let idleUs = 0;
  for (const node of calleesFirst(profile, byId)) {
    const own = selfUs.get(node.id) ?? 0;
    const isRoot = node === nodes[0];
    if (node.callFrame.functionName === "(idle)" && !isRoot) {
      idleUs += own;
      continue;
    }
    const children = (node.children ?? []).flatMap((id) => frames.get(id) ?? []).sort((a, b) => b.totalUs - a.totalUs);
    const totalUs = children.reduce((sum, child) => sum + child.totalUs, own);
    if (totalUs > 0 || isRoot) frames.set(node.id, { ...describe(node), selfUs: own, totalUs, children });
  }
  return { root: frames.get((nodes[0] as ProfileNode).id) as FlameFrame, idleUs };
}

function sampledTimes({ samples = [], timeDeltas = [], startTime, endTime }: CpuProfile): Map<number, number> {
  const timesUs = new Map<number, number>();
  let atUs = startTime;
  let latestUs = startTime;
  for (const [i, id] of samples.entries()) {
    atUs += timeDeltas[i] as number;
    latestUs = Math.max(latestUs, atUs);
    const next = timeDeltas[i + 1];
    const untilUs = next === undefined ? endTime : atUs + next;
    timesUs.set(id, (timesUs.get(id) ?? 0) + Math.max(0, untilUs - latestUs));
  }
  return timesUs;
}

function calleesFirst({ nodes }: CpuProfile, byId: ReadonlyMap<number, ProfileNode>): ProfileNode[] {
  const callersFirst: ProfileNode[] = [nodes[0] as ProfileNode];
  for (let i = 0; i < callersFirst.length && i < nodes.length; i++) {
    for (const id of callersFirst[i]?.children ?? []) {
      const child = byId.get(id);
      if (child === undefined)
        throw new InvalidInputError(`the profile's nodes name a child ${id}, which it does not have`);
      callersFirst.push(child);
    }
  }
  return callersFirst.reverse();
}

function describe({ callFrame }: ProfileNode): { name: string; kind: FrameKind; place: string } {
  const { functionName, url, lineNumber } = callFrame;
  const path = decodePath(url);
  return {
    name: functionName || "(anonymous)",
    kind: kindOf(functionName, url),
    place: url === "" ? "" : `${path}:${lineNumber + 1}`, // the protocol counts lines from 0
  };
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
