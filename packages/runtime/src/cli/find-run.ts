import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { findSession, runFolders } from "../session-file.ts";
import { findJournal } from "./commands/replay.ts";

/** The latest run that was started from `cwd`: ids begin with the time of the start. @throws {InvalidInputError} When there is none. */
export function latestRun(cwd: string): string {
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
