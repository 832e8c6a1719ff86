import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import {
  type AllocationProfile,
  type CpuProfile,
  type HeapSummary,
  readHeapSummary,
  toAllocationTree,
  toFlameTree,
} from "@pitlane/perf/monitor";
import type { ProfileInfo, ProfileTree } from "../protocol.ts";

const KINDS: Readonly<Record<string, Pick<ProfileInfo, "kind" | "view">>> = {
  ".cpuprofile": { kind: "cpu", view: "tree" },
  ".heapprofile": { kind: "allocations", view: "tree" },
  ".heapsnapshot": { kind: "heap", view: "heap" },
};

const MIB = 1024 * 1024;

/** A profile of ten minutes has some 60 MB. */
const MOST_TREE_BYTES = 128 * MIB;

/** Read piece by piece; what is kept of it meanwhile takes about twice as much, in the session's process. */
const MOST_SNAPSHOT_BYTES = 320 * MIB;

/** True for a plain file name that a profile can have: it leads nowhere else. Pure. */
export function isProfileName(name: string): boolean {
  return /^[\w.+-]{1,128}$/.test(name) && !name.startsWith(".") && KINDS[extname(name)] !== undefined;
}

/** What a profile can be seen as. `name` must be a profile's. Pure. */
export function viewOf(name: string): ProfileInfo["view"] {
  return KINDS[extname(name)]!.view;
}

/** Profiles in a run's folder, newest first. */
export function listProfiles(folder: string): ProfileInfo[] {
  const profiles: ProfileInfo[] = [];
  for (const name of readdirSync(folder)) {
    const what = isProfileName(name) ? KINDS[extname(name)] : undefined;
    const stats = what === undefined ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
    if (what === undefined || stats?.isFile() !== true) continue;
    const { size: bytes, mtimeMs } = stats;
    profiles.push({ name, ...what, bytes, writtenAtUs: Math.round(mtimeMs * 1000) });
  }
  return profiles.sort((a, b) => b.writtenAtUs - a.writtenAtUs);
}

export interface ProfileQuery {
  readonly path: string;
}

/** The flame graph of a CPU or allocation profile. @throws {InvalidInputError} When the file is too large or no such profile. */
export function readTree({ path }: ProfileQuery): ProfileTree {
  if (statSync(path).size > MOST_TREE_BYTES)
    throw new InvalidInputError(
      `the profile has more than the ${MOST_TREE_BYTES / MIB} MiB that are drawn here: download it and open it in Chrome`,
    );
  const isOfCpu = extname(path) === ".cpuprofile";
  try {
    const profile: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isOfCpu ? toFlameTree(profile as CpuProfile) : toAllocationTree(profile as AllocationProfile);
  } catch (error) {
    const what = isOfCpu ? "CPU profile" : "allocation profile";
    throw new InvalidInputError(`the file is no ${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Tells what is on the heap of snapshots, and keeps what it told of the last one: a page asks again when its connection was away. */
export class HeapReader {
  #last: { readonly file: string; readonly summary: HeapSummary } | undefined;

  /** @throws {InvalidInputError} When the file is too large, no heap snapshot or not a whole one. */
  read({ path }: ProfileQuery): HeapSummary {
    const { size, mtimeMs } = statSync(path);
    const file = `${path} ${size} ${mtimeMs}`;
    if (this.#last?.file !== file) {
      this.#last = { file, summary: readHeapSummary(path, { mostBytes: MOST_SNAPSHOT_BYTES }) };
    }
    return this.#last.summary;
  }
}
