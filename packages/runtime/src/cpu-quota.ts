import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Text of a file; undefined when it is not there or may not be read. */
export type ReadText = (path: string) => string | undefined;

const ROOT = "/sys/fs/cgroup";

/**
 * How many cores' time the control groups of this process grant it, as a container's `--cpus` does: 0.5 for half of one core's. Infinity without a
 * quota, and on systems without control groups. Pure but for `read`.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst, `cpu.max` (of a group and of each above it), and for version 1
 * Documentation/scheduler/sched-bwc.rst, `cpu.cfs_quota_us`.
 */
export function cpuQuota(read: ReadText): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === "")
      for (const group of groupsOf(path as string)) least = Math.min(least, quotaOf(read(`${ROOT}${group}/cpu.max`)));
    else if (controllers?.split(",").includes("cpu") === true)
      for (const group of groupsOf(path as string)) {
        const folder = `${ROOT}/cpu${group}/cpu.cfs_`;
        least = Math.min(least, quotaOf(`${read(`${folder}quota_us`)} ${read(`${folder}period_us`)}`));
      }
  }
  return least;
}

/** Cores that this process may use at once: those of its affinity, and no more than its control groups grant it. */
export function usableCores(): number {
  return Math.min(availableParallelism(), cpuQuota(readSystemText));
}

/** Text of a file of the system; undefined when it is not there or may not be read. */
export function readSystemText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A group and those above it: "/a/b", "/a", "". */
function groupsOf(path: string): readonly string[] {
  const groups: string[] = [];
  for (let group = path.replace(/\/+$/, ""); group !== ""; group = group.slice(0, group.lastIndexOf("/")))
    groups.push(group);
  return [...groups, ""];
}

/** Of `QUOTA PERIOD`, both in microseconds; version 2 says `max` and version 1 -1 where there is none. */
function quotaOf(text: string | undefined): number {
  const [quota = Number.NaN, period = Number.NaN] = (text ?? "").trim().split(/\s+/).map(Number);
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}
