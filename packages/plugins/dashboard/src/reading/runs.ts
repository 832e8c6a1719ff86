import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type JournalRow, lastRow, readRowsWithSegments, readStart } from "pitlane";
import type { RunInfo } from "../protocol.ts";
import { parseBody } from "./rows.ts";

const MOST_RUNS = 100;
const RUN_ID = /^\d{8}-\d{6}-[a-z0-9]{4}$/;

export interface RunsQuery {
  /** Folder of the run that is going on. */
  readonly current: string;
  /** Of that run. */
  readonly journalPath: string;
}

/** True for what `createRunId` makes: a name that is looked up in the runs' folder leads nowhere else. Pure. */
function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** Folder of a run beside the current one; undefined when there is none of that name. */
export function findRun(current: string, id: string): string | undefined {
  if (basename(current) === id) return current;
  if (!isRunId(id)) return undefined;
  const folder = join(dirname(current), id);
  return statSync(join(folder, "journal.db"), { throwIfNoEntry: false })?.isFile() === true ? folder : undefined;
}

/** The current run and the last ones beside it, newest first, 100 at most. */
export async function readRuns({ current, journalPath }: RunsQuery): Promise<RunInfo[]> {
  const others = isRunId(basename(current)) ? readdirSync(dirname(current)).filter(isRunId) : [];
  const ids = [...new Set([basename(current), ...others])].sort().reverse().slice(0, MOST_RUNS);
  const runs: RunInfo[] = [];
  for (const id of ids) {
    const folder = findRun(current, id);
    if (folder === undefined) continue;
    const isCurrent = folder === current;
    runs.push(await describe(folder, isCurrent ? journalPath : join(folder, "journal.db"), id, isCurrent));
  }
  return runs;
}

async function describe(folder: string, path: string, id: string, isCurrent: boolean): Promise<RunInfo> {
  const found = {
    id,
    isCurrent,
    bytes: bytesOf(folder),
    hasSamples: statSync(join(folder, "samples.jsonl"), { throwIfNoEntry: false }) !== undefined,
  };
  try {
    const { startedAtUs } = readStart(path);
    const last = lastRow(path);
    const end = last === undefined ? undefined : await rowAt(path, last.seq);
    const body = end?.kind === "run.end" && typeof end.body === "string" ? parseBody(end.body) : undefined;
    const endedBy = body?.["endedBy"];
    return {
      ...found,
      startedAtUs,
      lastAtUs: last?.atUs ?? startedAtUs,
      endedBy: typeof endedBy === "string" ? endedBy : body === undefined ? null : "ended",
      problem: null,
    };
  } catch (error) {
    // One run that cannot be read is told beside those that can.
    return { ...found, startedAtUs: 0, lastAtUs: 0, endedBy: null, problem: (error as Error).message };
  }
}

async function rowAt(path: string, seq: number): Promise<JournalRow | undefined> {
  for await (const row of readRowsWithSegments(path, { fromSeq: seq, untilSeq: seq })) return row;
  return undefined;
}

function bytesOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(folder, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}
