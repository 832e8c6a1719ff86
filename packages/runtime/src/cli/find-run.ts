import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { isLocked } from "../journal/lock.ts";
import { findSession, runFolders } from "../session-file.ts";
import { findJournal } from "./commands/replay.ts";

/** The latest run that was started from `cwd`, ended or not: ids begin with the time of the start. @throws {InvalidInputError} When there is none. */
function latestRun(cwd: string): string {
  const runs = join(cwd, ".pitlane", "runs");
  const latest = existsSync(runs) ? readdirSync(runs).sort().at(-1) : undefined;
  if (latest === undefined)
    throw new InvalidInputError(`there is no run in ${runs}: name the run's folder or its journal`);
  return latest;
}

/**
 * Folder of the run that a person means by its id, its folder, its journal or the process that runs it; the latest run when left out.
 *
 * @throws {InvalidInputError} When there is none, naming where it was looked for.
 */
export function findRunFolder(target: string | undefined, cwd: string): string {
  if (target !== undefined && /^\d{1,10}$/.test(target) && !existsSync(join(cwd, target))) {
    const folder = findSession(runFolders(cwd), Number(target));
    if (folder !== undefined) return folder;
    throw new InvalidInputError(
      `process ${target} is no session of ${join(cwd, ".pitlane", "runs")}: name the run, or go to the folder it was started in`,
    );
  }
  return dirname(findJournal(target ?? latestRun(cwd), cwd));
}

/** Folders of the runs here whose sessions live, the newest first. */
export function liveRunFolders(cwd: string): readonly string[] {
  return runFolders(cwd).filter(isLiveFolder);
}

/** Whether a session writes a journal in a run's folder. One that was killed does not, whatever files it has left. */
export function isLiveFolder(folder: string): boolean {
  const names = readdirSync(folder);
  return names.some((name) => names.includes(`${name}.lock`) && isLocked(join(folder, name)));
}

/**
 * Folder of the one session that lives here: what is to be done to a session is never done to a run that has ended because that is newer.
 *
 * @throws {InvalidInputError} When none lives, and when several do, naming them.
 */
export function findLiveFolder(cwd: string, remedy = "name the run that is meant"): string {
  const [folder, ...others] = liveRunFolders(cwd);
  const runs = join(cwd, ".pitlane", "runs");
  if (folder === undefined)
    throw new InvalidInputError(`no session runs in ${runs} or ${cwd}: name the run's folder or its journal`);
  if (others.length === 0) return folder;
  const names = [folder, ...others].map((one) => relative(cwd, one) || ".");
  throw new InvalidInputError(`${names.length} sessions run here, ${names.join(", ")}: ${remedy}`);
}
