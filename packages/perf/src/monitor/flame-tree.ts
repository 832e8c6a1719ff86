import { InvalidInputError } from "../errors.ts";
import { type FlameFrame, type FlameTree, toFrame } from "./flame-frame.ts";
import type { CpuProfile } from "./profiler.ts";

/** A CPU profile as a tree of time. `root` is the whole busy time. */
export interface TimeTree extends FlameTree {
  readonly unit: "us";
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
export function toFlameTree(profile: CpuProfile): TimeTree {
  const { nodes, samples = [], timeDeltas = [] } = profile;
  if (!Array.isArray(nodes) || nodes.length === 0 || samples.length !== timeDeltas.length)
    throw new InvalidInputError("a CPU profile needs nodes, samples and as many timeDeltas");
  const timesUs = sampledTimes(profile);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of timesUs.keys())
    if (!byId.has(id)) throw new InvalidInputError(`the profile's samples name a node ${id}, which it does not have`);

  // Callees first, without recursion: stacks can be deeper than ours may grow.
  const frames = new Map<number, FlameFrame>();
  let idleUs = 0;
  for (const node of calleesFirst(profile, byId)) {
    const own = timesUs.get(node.id) ?? 0;
    if (node.callFrame.functionName === "(idle)" && node !== nodes[0]) idleUs += own;
    else
      frames.set(
        node.id,
        toFrame(
          node.callFrame,
          own,
          (node.children ?? []).flatMap((id) => frames.get(id) ?? []),
        ),
      );
  }
  return { unit: "us", root: frames.get((nodes[0] as ProfileNode).id) as FlameFrame, idleUs };
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
