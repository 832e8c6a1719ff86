import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { type CpuProfile, type FlameTree, toFlameTree } from "@pitlane/perf/monitor";
import type { ProfileInfo } from "../protocol.ts";

const KINDS: Readonly<Record<string, ProfileInfo["kind"]>> = {
  ".cpuprofile": "cpu",
  ".heapsnapshot": "heap",
  ".heapprofile": "allocations",
};

/** A profile of ten minutes has some 60 MB. */
const MOST_TREE_BYTES = 128 * 1024 * 1024;

/** True for a plain file name that a profile can have: it leads nowhere else. Pure. */
export function isProfileName(name: string): boolean {
  return /^[\w.+-]{1,128}$/.test(name) && !name.startsWith(".") && KINDS[extname(name)] !== undefined;
}

/** Profiles in a run's folder, newest first. */
export function listProfiles(folder: string): ProfileInfo[] {
  const profiles: ProfileInfo[] = [];
  for (const name of readdirSync(folder)) {
    const kind = isProfileName(name) ? KINDS[extname(name)] : undefined;
    const stats = kind === undefined ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
    if (kind === undefined || stats?.isFile() !== true) continue;
    const { size: bytes, mtimeMs } = stats;
    profiles.push({ name, kind, bytes, writtenAtUs: Math.round(mtimeMs * 1000), hasTree: kind === "cpu" });
  }
  return profiles.sort((a, b) => b.writtenAtUs - a.writtenAtUs);
}

export interface TreeQuery {
  readonly path: string;
}

/** The flame graph of a CPU profile. @throws {InvalidInputError} When the file is too large or no CPU profile. */
export function readTree({ path }: TreeQuery): FlameTree {
  if (statSync(path).size > MOST_TREE_BYTES)
    throw new InvalidInputError("the profile is too large to be drawn here: download it and open it in Chrome");
  let profile: unknown;
  try {
    profile = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InvalidInputError(`the file is no CPU profile: ${(error as Error).message}`, { cause: error });
  }
  if (typeof profile !== "object" || profile === null || !Array.isArray((profile as Partial<CpuProfile>).nodes))
    throw new InvalidInputError("the file is no CPU profile: it has no nodes");
  return toFlameTree(profile as CpuProfile);
}
