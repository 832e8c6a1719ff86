import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Clock } from "@pitlane/perf";
import type { Config } from "../config/schema.ts";
import { nextArchiveUs } from "../journal/archive.ts";

export interface ArchiveScheduleOptions {
  /** Folder of the runs. */
  readonly runs: string;
  readonly retention: Config["journal"]["retention"];
  readonly clock: Clock;
  /** Command line that starts this program: the archive runs in a process of its own, so that no order waits for it. */
  readonly program: readonly [string, ...string[]];
  /** Minutes that local time is ahead of UTC. */
  readonly utcOffsetMinutes: number;
  /** A line for people. */
  readonly log: (line: string) => void;
}

/**
 * Puts old runs away every day at the configured hour, for as long as a session runs.
 *
 * @returns Ends it; a pass that runs already goes on by itself and leaves every body readable wherever it is stopped.
 */
export function scheduleArchive(options: ArchiveScheduleOptions): () => void {
  const { clock, retention, utcOffsetMinutes } = options;
  const stop = new AbortController();
  const wait = async () => {
    while (!stop.signal.aborted) {
      const nowUs = clock.nowUs();
      await clock.sleep((nextArchiveUs(nowUs, retention.hour, utcOffsetMinutes) - nowUs) / 1000, stop.signal);
      await archive(options);
    }
  };
  wait().catch((error: unknown) => {
    if (!stop.signal.aborted) options.log(`the archive ended: ${(error as Error).message}`);
  });
  return () => stop.abort(new Error("the session has ended"));
}

/** Runs one pass; resolves when it has ended. */
function archive({ runs, retention, program, log }: ArchiveScheduleOptions): Promise<void> {
  if (!existsSync(runs)) return Promise.resolve();
  const [command, ...args] = program;
  const flags = ["--runs", runs, "--batch", String(retention.batch)];
  const ages = [
    "--compress-after",
    `${retention.compressAfterDays}d`,
    "--archive-after",
    `${retention.archiveAfterDays}d`,
  ];
  return new Promise((resolve) => {
    const child = spawn(command, [...args, "journal", "archive", ...flags, ...ages], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-2_000);
    });
    child.once("error", (error) => {
      log(`the archive could not be started: ${error.message}`);
      resolve();
    });
    child.once("close", (code) => {
      if (code !== 0) log(`the archive ended with code ${code}: ${said.trim() || "some runs were left alone"}`);
      resolve();
    });
  });
}
