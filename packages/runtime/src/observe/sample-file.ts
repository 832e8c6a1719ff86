import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { ServiceTally } from "../service-level.ts";
import type { ObservedSession } from "./observer.ts";
import type { SessionSample } from "./sample.ts";
import { type FileRow, toAlertRow, toSampleRow, toTotalsRow } from "./sample-rows.ts";

/** Samples of a run, one JSON document a line, in the run's folder. */
export const SAMPLE_FILE = "samples.jsonl";

export interface SampleFileOptions {
  readonly session: Pick<ObservedSession, "folder" | "run" | "samples" | "alerts" | "faults" | "clock">;
  /** The file cannot be written. Told once: the session goes on without. */
  readonly onFault: (message: string) => void;
  /** Seconds of which each is kept; later ones are kept one in ten. Default 6 hours. */
  readonly fullSeconds?: number;
  /** Default 256 MB: nothing more is written then. */
  readonly mostBytes?: number;
}

const FULL_SECONDS = 6 * 3_600;
const THINNED = 10;
const TOTALS_EVERY = 60;
const EARLY_TOTALS: ReadonlySet<number> = new Set([1, 2, 5, 10, 20, 30]); // so that a short run that is killed says something
const MOST_BYTES = 256e6;
const MOST_ALERTS = 10_000;

/**
 * Writes a session's samples down, for `pitlane report`: each second for the first six hours, then one in ten, and once a minute all
 * figures since the start. Service levels are counted from every second, whatever is written.
 *
 *     onSample -> lines -> one append a second, off the thread that trades -> samples.jsonl
 *
 * About 0.6 KB a sample: 13 MB for the first six hours, 0.3 MB for each hour after. At 256 MB it ends with a fault.
 *
 * @returns Ends it; resolves when all is on its way to the disk.
 */
export async function openSampleFile(options: SampleFileOptions): Promise<() => Promise<void>> {
  const { session, onFault, fullSeconds = FULL_SECONDS, mostBytes = MOST_BYTES } = options;
  const { run, samples, alerts, clock } = session;
  const file: FileHandle = await open(join(session.folder, SAMPLE_FILE), "a");
  const tally = new ServiceTally();
  const peaks = { rss: 0, heap: 0 };
  let bytes = (await file.stat()).size;
  let lines = bytes > 0 ? "\n" : ""; // a killed process may have left half a line: it stays one of its own
  let writing: Promise<void> = Promise.resolve();
  let isBroken = false;
  let alertRows = 0;
  let faults = 0; // told so far
  let last: SessionSample | undefined;

  const add = (row: FileRow) => {
    lines += `${JSON.stringify(row)}\n`;
  };
  const giveUp = (reason: string) => {
    if (!isBroken) onFault(`samples are no longer written, reports end here: ${reason}`);
    isBroken = true;
  };
  const flush = () => {
    const text = lines;
    lines = "";
    if (isBroken || text === "") return;
    bytes += text.length;
    if (bytes > mostBytes) return giveUp(`${SAMPLE_FILE} has ${Math.round(mostBytes / 1e6)} MB`);
    writing = writing.then(() => file.appendFile(text)).catch((error: Error) => giveUp(error.message));
  };
  const addFaults = () => {
    const all = session.faults();
    for (const fault of all.slice(faults)) add({ k: "fault", t: fault.atUs, fault });
    faults = all.length;
  };
  const onSample = (sample: SessionSample) => {
    last = sample;
    tally.add(sample);
    const { rssBytes, heapUsedBytes } = sample.process.memory;
    peaks.rss = Math.max(peaks.rss, rssBytes);
    peaks.heap = Math.max(peaks.heap, heapUsedBytes);
    if (isBroken) return;
    if (sample.seq <= fullSeconds || sample.seq % THINNED === 0) add(toSampleRow(sample));
    if (sample.seq % TOTALS_EVERY === 0 || EARLY_TOTALS.has(sample.seq))
      add(toTotalsRow(sample, tally.counts(), peaks));
    addFaults();
    flush();
  };
  add({ k: "start", t: run.startedAtUs, run: run.id, version: run.version, node: run.node });
  const stopSamples = samples.onSample(onSample);
  const stopAlerts = alerts.onChange((alert) => {
    if (alertRows++ < MOST_ALERTS) add(toAlertRow(alert));
  });
  return async () => {
    stopSamples();
    stopAlerts();
    addFaults();
    if (last !== undefined)
      add(toTotalsRow({ ...last, atUs: Math.max(last.atUs, clock.nowUs()) }, tally.counts(), peaks));
    flush();
    await writing;
    await file.close();
  };
}
