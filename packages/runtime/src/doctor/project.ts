import { closeSync, fdatasyncSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@pitlane/perf";
import { verifyJournal } from "../journal/verify.ts";
import { type Check, failing, ok, warning } from "./check.ts";

const SYNCED = 20;
const BLOCK_BYTES = 4_096;
const SLOW_SYNC_MS = 10;
const JOURNALS = 5;

/**
 * Writes and syncs a few blocks where the runs are kept: what a commit waits for with `journal.durability: disk`. The file is removed.
 *
 * @param folder Made when it is not there.
 */
export function checkDisk(folder: string, clock: Pick<Clock, "monotonicNs">): Check {
  const path = join(folder, `.doctor-${process.pid}`);
  const tripsMs: number[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    const file = openSync(path, "wx");
    try {
      const block = Buffer.alloc(BLOCK_BYTES, 1);
      for (let i = 0; i < SYNCED; i++) {
        const startedNs = clock.monotonicNs();
        writeSync(file, block);
        fdatasyncSync(file);
        tripsMs.push((clock.monotonicNs() - startedNs) / 1e6);
      }
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
  } catch (error) {
    return failing("disk-sync", (error as Error).message, `make ${folder} a folder that this user may write to`);
  }
  tripsMs.sort((a, b) => a - b);
  const medianMs = tripsMs[SYNCED >> 1] as number;
  const found = `${medianMs.toFixed(2)} ms, at worst ${(tripsMs.at(-1) as number).toFixed(2)} ms, of ${SYNCED} writes of 4 KiB`;
  if (medianMs < SLOW_SYNC_MS) return ok("disk-sync", found);
  return warning(
    "disk-sync",
    found,
    "keep the runs on a faster disk (--journal), or use journal.durability: process, which survives a kill but no power cut",
  );
}

/** Looks at who may read a file with secrets. @param path Where it would be. */
export function checkSecretFile(path: string): Check {
  const name = `permissions ${path}`;
  let mode: number;
  try {
    mode = statSync(path).mode & 0o777;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ok(name, "there is none");
    return failing(name, (error as Error).message, `look at who owns ${path}`);
  }
  const found = `mode ${mode.toString(8).padStart(4, "0")}`;
  if (process.platform === "win32" || (mode & 0o077) === 0) return ok(name, found);
  return failing(name, found, `chmod 600 ${path}: others of this machine can read it now`);
}

/** Verifies the hash chains of the newest runs. */
export function checkJournals(runs: string): readonly Check[] {
  let names: readonly string[];
  try {
    names = readdirSync(runs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [ok("journals", "there is no run yet")];
    return [failing("journals", (error as Error).message, `look at who owns ${runs}`)];
  }
  const paths = names
    .map((name) => ({ name, path: join(runs, name, "journal.db") }))
    .flatMap(({ name, path }) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, path, changedMs: stats.mtimeMs }];
    })
    .sort((a, b) => b.changedMs - a.changedMs)
    .slice(0, JOURNALS);
  if (paths.length === 0) return [ok("journals", "there is no run yet")];
  return paths.map(({ name, path }) => journalCheck(`journal ${name}`, path));
}

function journalCheck(name: string, path: string): Check {
  try {
    const { events, fault } = verifyJournal(path);
    if (fault === undefined) return ok(name, `${events} events, its chain is intact`);
    return failing(name, fault, `pitlane journal verify ${path}: what came before the fault can be trusted`);
  } catch (error) {
    return failing(
      name,
      (error as Error).message,
      "restore it from a copy; what its run did is in the venue's history",
    );
  }
}
