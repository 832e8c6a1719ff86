import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file of this name is in a run's folder while its session runs. */
const SESSION_FILE = "session.json";

/** What a running session says of itself to other processes of this machine. No secret is in it. */
export interface SessionFile {
  readonly run: string;
  readonly pid: number;
  /** Of the process that has started this one and waits for it; null when there is none. */
  readonly launcherPid: number | null;
  readonly startedAtUs: number;
  /** Where its dashboard listens, without the token; null when it has none. */
  readonly dashboard: string | null;
  /** Pitlane's version. */
  readonly version: string;
}

/** Writes it, whole or not at all. */
export function writeSessionFile(folder: string, session: SessionFile): void {
  const partial = join(folder, `${SESSION_FILE}.${process.pid}.partial`);
  writeFileSync(partial, `${JSON.stringify(session, null, 2)}\n`);
  renameSync(partial, join(folder, SESSION_FILE));
}

/** Takes it away, unless another process has taken the run over. */
export function removeSessionFile(folder: string, pid: number = process.pid): void {
  if (readSessionFile(folder)?.pid === pid) rmSync(join(folder, SESSION_FILE), { force: true });
}

/** The session of a run's folder; undefined when there is none, or what it says cannot be understood. */
export function readSessionFile(folder: string): SessionFile | undefined {
  const path = join(folder, SESSION_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return parseSessionFile(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // taken away meanwhile, or not ours
  }
}

/** A session that was killed leaves its file behind: whether its process still is. */
export function isRunning({ pid }: Pick<SessionFile, "pid">): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and another user's
  }
}

/** Folder of the run whose session, or whose launcher, is process `pid`; undefined when there is none among those of `folders`. */
export function findSession(folders: readonly string[], pid: number): string | undefined {
  return folders.find((folder) => {
    const session = readSessionFile(folder);
    return session !== undefined && (session.pid === pid || session.launcherPid === pid) && isRunning(session);
  });
}

/** Folders in which sessions started from `cwd` have their runs, the newest first. */
export function runFolders(cwd: string): readonly string[] {
  const runs = join(cwd, ".pitlane", "runs");
  const names = existsSync(runs) ? readdirSync(runs).sort().reverse() : [];
  return [...names.map((name) => join(runs, name)), cwd];
}

function parseSessionFile(value: unknown): SessionFile | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { run, pid, launcherPid, startedAtUs, dashboard, version } = value as Record<string, unknown>;
  if (typeof run !== "string" || !isPid(pid) || typeof startedAtUs !== "number") return undefined;
  return {
    run,
    pid,
    launcherPid: isPid(launcherPid) ? launcherPid : null,
    startedAtUs,
    dashboard: typeof dashboard === "string" ? dashboard : null,
    version: typeof version === "string" ? version : "",
  };
}

// 0 and below name groups of processes.
function isPid(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
